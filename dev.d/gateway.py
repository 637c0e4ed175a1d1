"""Flink's SQL gateway: statements in a session that stays, where starting a SQL client for each would take too long."""

from jobs import Jobs
from parts import Failure
from servers import Flink, free_ports


class Gateway:
    """A gateway process beside a cluster that runs, with one session."""

    def __init__(self, flink: Flink):
        port = free_ports(1)[0]
        self.process = flink.process("SQL gateway", [
            "sql-gateway.sh", "start-foreground", "-Dsql-gateway.endpoint.rest.address=127.0.0.1", "-Dsql-gateway.endpoint.rest.bind-address=127.0.0.1",
            f"-Dsql-gateway.endpoint.rest.port={port}"], "gateway", flink.client_java)
        self.rest = Jobs(port)
        try:
            self.process.wait_for(self._answers, "up")
            self.session = self.rest.call("/v2/sessions", {})["sessionHandle"]
        except BaseException:
            self.process.stop()
            raise

    def _answers(self) -> bool:
        try:
            return bool(self.rest.call("/v2/info"))
        except (Failure, OSError):
            return False

    def run(self, statement: str):
        """Runs a statement to its end and returns the result's rows; for an INSERT that is the job's id."""
        operation = self.rest.call(f"/v2/sessions/{self.session}/statements", {"statement": statement})["operationHandle"]
        base = f"/v2/sessions/{self.session}/operations/{operation}"

        def ended():
            status = self.rest.call(f"{base}/status")["status"]
            return status if status in ("FINISHED", "ERROR", "CANCELED") else None
        self.rest.await_that(ended, f"the end of {statement.splitlines()[0]}")
        rows = [row["fields"] for row in self.rest.call(f"{base}/result/0?rowFormat=JSON")["results"]["data"]]
        self.rest.call(f"{base}/close", method="DELETE")
        return rows

    def stop(self) -> None:
        """Ends the gateway."""
        self.process.stop()
