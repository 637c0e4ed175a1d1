package io.canalnative.doris;

import java.io.Serializable;
import java.time.Instant;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;

import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.config.TableConfigOptions;

/** The session's time zone, {@code table.local-time-zone}, in which TIMESTAMP_LTZ values are written. */
final class SessionZone implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Rules that go on for ever are followed to the end of Doris' DATETIME, which is a quarter of a megabyte of offsets. */
    private static final Instant END = Instant.parse("+10000-01-02T00:00:00Z");

    private final String id;

    private SessionZone(String id) {
        this.id = id;
    }

    /** As Flink reads the option: its default is the zone of this JVM, the client's. */
    static SessionZone of(ReadableConfig config) {
        String id = config.get(TableConfigOptions.LOCAL_TIME_ZONE);
        return new SessionZone(id.equals(TableConfigOptions.LOCAL_TIME_ZONE.defaultValue()) ? ZoneId.systemDefault().getId() : id);
    }

    /** Pairs of epoch milliseconds and the offset in seconds from then on; the first counts for all time before. */
    List<long[]> transitions() {
        ZoneRules rules = ZoneId.of(id).getRules();
        List<long[]> pairs = new ArrayList<>();
        Instant at = rules.getTransitions().isEmpty() ? Instant.EPOCH : rules.getTransitions().get(0).getInstant().minusMillis(1);
        pairs.add(new long[] {at.toEpochMilli(), rules.getOffset(at).getTotalSeconds()});
        for (ZoneOffsetTransition next = rules.nextTransition(at); next != null && next.getInstant().isBefore(END); next = rules.nextTransition(at)) {
            at = next.getInstant();
            pairs.add(new long[] {at.toEpochMilli(), next.getOffsetAfter().getTotalSeconds()});
        }
        return pairs;
    }

    @Override
    public String toString() {
        return id;
    }
}
