package io.canalnative.doris;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;

import io.canalnative.DorisTransactions;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

/** What the committer makes of each outcome. */
class DorisCommitterTest {

    private final FakeDoris doris = new FakeDoris();
    private final FakeDoris.State cluster = doris.state();
    private final DorisCommitter committer = new DorisCommitter(doris.transactions(null), new UnregisteredMetricsGroup());

    private Request request(int number, long after) {
        String label = "label" + number;
        cluster.precommitted.put(label, Collections.singletonList("row" + number));
        String json = "{\"v\":1,\"database\":\"shop\",\"table\":\"orders\",\"label\":\"" + label + "\",\"txn\":" + number + ",\"rows\":1200}";
        return new Request(new DorisCommittable(json.getBytes(StandardCharsets.UTF_8), after));
    }

    @Test
    void commitsEachLoad() throws Exception {
        Request first = request(1, 4);
        committer.commit(Arrays.asList(first, request(2, 4)));
        assertEquals(Arrays.asList("row1", "row2"), cluster.visible());
        assertEquals("", first.signals);
    }

    @Test
    void triesAgainWhileThereIsTime() throws Exception {
        cluster.outcomes.addAll(Arrays.asList(DorisTransactions.LATER, DorisTransactions.LATER));
        Request request = request(1, 4);
        committer.commit(Collections.singletonList(request));
        assertEquals(3, cluster.commitCalls);
        assertEquals("", request.signals);
    }

    @Test
    void anInterruptEndsTheTrying() {
        cluster.outcomes.addAll(Arrays.asList(DorisTransactions.LATER, DorisTransactions.LATER));
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> committer.commit(Collections.singletonList(request(1, 4))));
        assertEquals(1, cluster.commitCalls);
    }

    @Test
    void aLostLoadFailsTheJobAfterTheOthersWereCommitted() {
        cluster.outcomes.addAll(Arrays.asList(DorisTransactions.LOST, DorisTransactions.COMMITTED));
        Request lost = request(1, 41);
        IOException e = assertThrows(IOException.class, () -> committer.commit(Arrays.asList(lost, request(2, 41))));
        assertEquals(Collections.singletonList("row2"), cluster.visible());
        assertEquals("failed", lost.signals);
        assertTrue(
                e.getMessage().startsWith(
                        "Lost: load label1 of 1200 rows into shop.orders (transaction 1). Doris does not know it any more: transaction [7] not found. "
                                + "Its rows are not in the table. To read and load them again, restore the job from checkpoint 41,"),
                e.getMessage());
    }

    @Test
    void aLossBeforeTheFirstCheckpointNamesNone() {
        cluster.outcomes.add(DorisTransactions.LOST);
        IOException e = assertThrows(IOException.class, () -> committer.commit(Collections.singletonList(request(1, -1))));
        assertTrue(e.getMessage().contains("start the job anew without a checkpoint"), e.getMessage());
    }

    private static final class Request implements Committer.CommitRequest<DorisCommittable> {
        private final DorisCommittable load;
        private String signals = "";

        Request(DorisCommittable load) {
            this.load = load;
        }

        @Override
        public DorisCommittable getCommittable() {
            return load;
        }

        @Override
        public int getNumberOfRetries() {
            return 0;
        }

        @Override
        public void signalFailedWithKnownReason(Throwable t) {
            signals += "failed";
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable t) {
            signals += "unknown";
        }

        @Override
        public void retryLater() {
            signals += "later";
        }

        @Override
        public void updateAndRetryLater(DorisCommittable updated) {
            signals += "update";
        }

        @Override
        public void signalAlreadyCommitted() {
            signals += "already";
        }
    }
}
