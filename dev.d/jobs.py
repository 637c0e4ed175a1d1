"""Jobs of a running Flink cluster, through the job manager's REST API."""

import json
import time
import urllib.error
import urllib.request

from parts import Failure
from servers import START_SECONDS


class JobFailed(Failure):
    """A job ended that should be running: waiting on is of no use."""


class Jobs:
    """The REST API at a port of 127.0.0.1."""

    def __init__(self, port: int):
        self.base = f"http://127.0.0.1:{port}"

    def call(self, path: str, body=None, method: str = None):
        """The answer as Python objects; with a body it is a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise Failure(f"{request.get_method()} {path}: {error} {error.read().decode(errors='replace')[:2000]}") from None

    def await_that(self, condition, what: str, seconds: int = START_SECONDS):
        """Asks until the answer is true and returns it; a cluster that does not answer yet is asked again."""
        deadline, problem = time.monotonic() + seconds, None
        while True:
            try:
                answer = condition()
                if answer:
                    return answer
            except JobFailed:
                raise
            except (Failure, OSError, KeyError) as error:
                problem = error
            if time.monotonic() > deadline:
                raise Failure(f"{what}: not within {seconds} s" + (f"; last problem: {problem}" if problem else ""))
            time.sleep(0.1)

    def state(self, job: str) -> str:
        """RUNNING, FAILED, CANCELED ..."""
        return self.call(f"/jobs/{job}")["state"]

    def vertices(self, job: str):
        """The ids of the job's vertices, in the order of the plan; Flink matches a savepoint's state by them."""
        return [vertex["id"] for vertex in self.call(f"/jobs/{job}")["vertices"]]

    def failures(self, job: str):
        """The root exceptions of the job so far, newest first."""
        return [entry["stacktrace"] for entry in self.call(f"/jobs/{job}/exceptions?maxExceptions=100000")["exceptionHistory"]["entries"]]

    def metrics(self, job: str, ending: str, of_subtasks: str = "sum"):
        """Metrics of the job's subtasks whose name ends so: name -> their sum, or `min`."""
        found = {}
        for vertex in self.vertices(job):
            path = f"/jobs/{job}/vertices/{vertex}/subtasks/metrics"
            names = [metric["id"] for metric in self.call(path) if metric["id"].endswith(ending)]
            for name in names:
                for metric in self.call(f"{path}?get={urllib.request.quote(name, safe='')}&agg={of_subtasks}"):
                    found[name] = int(metric[of_subtasks])
        return found

    def counted(self, job: str, counter: str) -> int:
        """A counter of the group canal_json, summed; 0 where there is none, as with Flink's own codec."""
        return sum(self.metrics(job, f".canal_json.{counter}").values())

    def offset(self, job: str, topic: str) -> int:
        """The offset of the message that the job's Kafka source read last in the topic's only partition; -1 before the first.

        A source that was restored behind the last message has read none, but it has committed where it stands.
        """
        metrics = f".KafkaSourceReader.topic.{topic}.partition.0."
        read = max(self.metrics(job, metrics + "currentOffset").values(), default=-1)
        return max(read, max(self.metrics(job, metrics + "committedOffset").values(), default=0) - 1)

    def await_offset(self, job: str, topic: str, offset: int) -> None:
        """Returns when the source has read that message."""
        def reached():
            if self.state(job) == "FAILED":
                raise JobFailed("the job failed:\n" + "\n".join(self.failures(job)[:1]))
            return self.offset(job, topic) >= offset
        self.await_that(reached, f"offset {offset} of {topic}")

    def checkpoints(self, job: str):
        """How many checkpoints were completed, failed and restored."""
        return self.call(f"/jobs/{job}/checkpoints")["counts"]

    def stop_with_savepoint(self, job: str, directory) -> str:
        """Stops the job, once all its tasks run, and returns the savepoint's path."""
        self.await_that(lambda: all(vertex["status"] == "RUNNING" for vertex in self.call(f"/jobs/{job}")["vertices"]), "all tasks running")
        trigger = self.call(f"/jobs/{job}/stop", {"targetDirectory": str(directory), "drain": False})["request-id"]

        def done():
            answer = self.call(f"/jobs/{job}/savepoints/{trigger}")
            return answer if answer["status"]["id"] == "COMPLETED" else None
        operation = self.await_that(done, "a savepoint")["operation"]
        if "location" not in operation:
            raise Failure(f"the savepoint failed: {operation.get('failure-cause', operation)}")
        self.await_that(lambda: self.state(job) == "FINISHED", "the stopped job's end")
        return operation["location"]

    def cancel(self, job: str) -> None:
        """Cancels the job and returns when it has ended."""
        self.call(f"/jobs/{job}?mode=cancel", {}, "PATCH")
        self.await_that(lambda: self.state(job) == "CANCELED", "the cancelled job's end")
