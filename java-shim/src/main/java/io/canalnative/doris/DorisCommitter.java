package io.canalnative.doris;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import io.canalnative.DorisTransactions;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits the loads of a checkpoint.
 *
 * <p>A lost one fails the job by an exception: {@code CommitRequest.signalFailedWithKnownReason} alone only counts it, and the job would go
 * on without its rows (Flink 1.20.3 and 2.3.0, CommitRequestImpl).
 */
final class DorisCommitter implements Committer<DorisCommittable> {

    private static final Logger LOG = LoggerFactory.getLogger(DorisCommitter.class);

    /** One call to the native side, so that an interrupt is seen. */
    private static final long STEP_MILLIS = 500;
    /** For how long the loads of one call are tried; Flink calls again, ten times by default (sink.committer.retries). */
    private static final long LIMIT_MILLIS = 60_000;

    private final DorisTransactions transactions;
    private final SimpleCounter commits = new SimpleCounter();
    private final SimpleCounter postponed = new SimpleCounter();
    private final SimpleCounter lost = new SimpleCounter();
    private final LoadLatency latency = new LoadLatency();

    DorisCommitter(DorisTransactions transactions, MetricGroup parent) {
        this.transactions = transactions;
        MetricGroup group = parent.addGroup(DorisMetrics.GROUP);
        group.counter("commits", commits);
        group.counter("commitsPostponed", postponed);
        group.counter("commitsLost", lost);
        group.histogram("commitMillis", latency);
    }

    @Override
    public void commit(Collection<CommitRequest<DorisCommittable>> requests) throws IOException, InterruptedException {
        long end = System.nanoTime() + LIMIT_MILLIS * 1_000_000;
        List<String> losses = new ArrayList<>();
        // Of two rows of a key the one committed later stays, so nothing overtakes a load that could not be committed yet.
        boolean waiting = false;
        for (CommitRequest<DorisCommittable> request : requests) {
            DorisCommittable load = request.getCommittable();
            if (waiting) {
                postponed.inc();
                request.retryLater();
                continue;
            }
            long began = System.nanoTime();
            int outcome = commit(load, end);
            if (outcome == DorisTransactions.COMMITTED) {
                commits.inc();
                latency.update((System.nanoTime() - began) / 1_000_000);
            } else if (outcome == DorisTransactions.LATER) {
                postponed.inc();
                LOG.warn("Not committed yet: {}: {}", load.description(), transactions.reason());
                request.retryLater();
                waiting = true;
            } else {
                lost.inc();
                IOException loss = new IOException(lossOf(load, transactions.reason()));
                losses.add(loss.getMessage());
                request.signalFailedWithKnownReason(loss);
            }
        }
        if (!losses.isEmpty()) {
            throw new IOException(String.join("\n", losses));
        }
    }

    private int commit(DorisCommittable load, long end) throws InterruptedException {
        int outcome = transactions.commit(load.load(), STEP_MILLIS);
        while (outcome == DorisTransactions.LATER && System.nanoTime() < end) {
            Waiting.checkInterrupt();
            outcome = transactions.commit(load.load(), STEP_MILLIS);
        }
        return outcome;
    }

    private static String lossOf(DorisCommittable load, String reason) {
        String from =
                load.after() < 0
                        ? "start the job anew without a checkpoint"
                        : String.format("restore the job from checkpoint %d, or the newest checkpoint or savepoint before it that is left "
                                + "(execution.checkpointing.num-retained)", load.after());
        return String.format(
                "Lost: %s. %s. Its rows are not in the table. To read and load them again, %s. Doris keeps a pre-committed transaction for "
                        + "stream_load_default_precommit_timeout_second, an hour by default: stay below it between a checkpoint and a restart.",
                load.description(), reason, from);
    }

    @Override
    public void close() {
        transactions.close();
    }
}
