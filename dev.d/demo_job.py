"""`./dev demo-job`: a MySQL with a sample database, and bin/canal-native that makes its tables in Doris, reads them, and follows what changes; then each row is compared."""

import random
import shutil
import signal
import sys
import time
from pathlib import Path

import changelog
import doris
import sample_shop
from databases import Mysql80
from embedded import Job, call, environment, written
from parts import REPO, Failure, Parts, program, say
from quickstart import Run, short, show_target

EXAMPLE = REPO / "examples" / "mysql-to-doris.yaml"
DATABASE = "canal_native_demo"
PASSWORD = "demo"
#: For how long the sample database is written while the job follows.
WRITTEN_SECONDS = 20
IN_STEP = "in step with the source: "


def job_file(path: Path, source: Mysql80, target: doris.Doris) -> Path:
    """The example, with what is so here."""
    here = {"host: localhost": f"host: 127.0.0.1\n    port: {source.port}", "localhost:8030": target.fenodes, "username: root": f"username: '{target.user}'",
            "include: ['shop\\..*']": f"include: ['shop\\..*']\n  rename: [{{from: 'shop\\.(\\w+)', to: '{DATABASE}.$1'}}]",
            "parallelism: 4": "parallelism: 2\n  checkpoint-interval: 2s"}
    return written(EXAMPLE, path, here, f"\nddl: {{journal-database: {DATABASE}}}\nrealFlushPauseSec: 1\nfullBatchSize: 20000\n")


def command(env, verb: str, file: Path, *more: str) -> str:
    """Runs one of the other verbs to its end and passes on what it prints."""
    say(f"bin/canal-native {verb} {file}")
    code, text = call(env, verb, file, *more)
    print(text, end="", flush=True)
    if code:
        raise Failure(f"canal-native {verb} ended with {code}")
    return text


def write(job: Job, changes: sample_shop.Changes) -> None:
    """Writes to the sample database, its definitions too, while the job is followed."""
    say(f"writing to the shop for {WRITTEN_SECONDS} s: orders come, are paid and shipped, are cancelled, and its tables change")
    end, statements = time.monotonic() + WRITTEN_SECONDS, list(sample_shop.SCHEMA_CHANGES)
    due = [end - WRITTEN_SECONDS * left / (len(statements) + 1) for left in range(len(statements), 0, -1)]
    while time.monotonic() < end:
        if due and time.monotonic() > due[0]:
            due.pop(0)
            say(f"in MySQL: {statements[0]}")
            changes.alter(statements.pop(0))
        changes.step()
        job.show()
        if job.process.popen.poll() is not None:
            raise Failure(f"the job ended with {job.process.popen.returncode} while its source was written")


def show_tables(source: Mysql80, target: doris.Doris) -> None:
    """Counts of both sides, and the newest orders in Doris."""
    tables = [row[0] for row in source.run(["SHOW TABLES FROM shop"])]
    counts = [[table, f"{source.run([f'SELECT COUNT(*) FROM shop.{table}'])[0][0]:,}", f"{int(target.sql(f'SELECT COUNT(*) FROM {DATABASE}.{table}')[0][0]):,}"] for table in tables]
    print(changelog.table(["table", "rows in MySQL", "rows in Doris"], counts))
    columns = [row[0] for row in target.sql(f"DESC {DATABASE}.orders")]
    print(f"SELECT * FROM {DATABASE}.orders ORDER BY id DESC LIMIT 5\n{changelog.table(columns, short(target.sql(f'SELECT * FROM {DATABASE}.orders ORDER BY id DESC LIMIT 5')))}")


def stay(job: Job, source: Mysql80, target: doris.Doris, file: Path) -> None:
    """Leaves all of it to the person at the keyboard until Ctrl-C."""
    say("the job goes on until Ctrl-C; change something and look:")
    say(f"  MySQL:  mysql -h 127.0.0.1 -P {source.port} -u reader -p{PASSWORD} shop            (root has no password)")
    say(f"  Doris:  mysql -h {target.query.rpartition(':')[0]} -P {target.query.rpartition(':')[2]} -u {target.user} {DATABASE}")
    say(f"  the job: bin/canal-native status {file}")
    try:
        while job.process.popen.poll() is None:
            job.show()
            time.sleep(0.5)
        raise Failure(f"the job ended with {job.process.popen.returncode}")
    except KeyboardInterrupt:
        print(flush=True)


def main(stays: bool) -> None:
    """Runs the demonstration; any Failure means it did not work."""
    parts = Parts()
    with Run() as run:
        # In the end half a gigabyte that nobody looks at any more.
        run.servers.callback(shutil.rmtree, run.directory / "mysql" / "data", ignore_errors=True)
        target, source = run.stops(doris.of_environment(run.directory / "doris", DATABASE)), run.stops(Mysql80(run.directory / "mysql"))
        say(f"starting {target.what} and MySQL, with a sample database")
        target.start()
        source.start()
        source.run(sample_shop.TABLES + [f"CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}'",
                                         "GRANT SELECT ON shop.* TO reader@'%'", "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader@'%'"])
        target.wait()
        file = job_file(run.directory / "job.yaml", source, target)
        env = environment(parts, connector=False, DORIS_PASSWORD=target.password, MYSQL_PASSWORD=PASSWORD)
        say(f"ready after {run.seconds()}; {file} is {EXAMPLE.relative_to(REPO)} with the addresses of here")
        command(env, "check", file)
        say(f"bin/canal-native run {file}")
        job = run.stops(Job(env, file, run.directory / "job.out"))
        job.follow(lambda: IN_STEP in job.text(), "in step")
        write(job, sample_shop.Changes(source.session(), random.Random(1)))
        command(env, "status", file)
        command(env, "verify", file)
        show_tables(source, target)
        if stays:
            stay(job, source, target, file)
        code = job.end(signal.SIGINT)
        job.show()
        if code:
            raise Failure(f"the job ended with {code} when it was stopped")
        show_target(target, "demo-job")


if __name__ == "__main__":
    program(main, sys.stdin.isatty())
