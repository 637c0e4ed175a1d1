package io.canalnative.format;

import java.util.HashMap;
import java.util.Map;

/** The kinds of events without rows, in the order of the native side's detail byte. */
enum EventKind {
    /** A schema change. */
    DDL("skippedDdl"),
    /** Statement text, for instance MariaDB's annotated row events. */
    QUERY("skippedQuery"),
    /** A transaction's begin, GTID or end. */
    TRANSACTION("skippedTransaction"),
    /** Heartbeats, and unknown events without rows. */
    OTHER("skippedOther");

    /** In the order of the detail byte. */
    static final EventKind[] BY_DETAIL = values();
    private static final Map<String, EventKind> BY_TYPE = new HashMap<>();

    static {
        for (String type : new String[] {"CREATE", "ALTER", "ERASE", "RENAME", "TRUNCATE", "CINDEX", "DINDEX"}) {
            BY_TYPE.put(type, DDL);
        }
        BY_TYPE.put("QUERY", QUERY);
        BY_TYPE.put("GTID", TRANSACTION);
        BY_TYPE.put("XACOMMIT", TRANSACTION);
        BY_TYPE.put("XAROLLBACK", TRANSACTION);
        BY_TYPE.put("MHEARTBEAT", OTHER);
    }

    /** Name of the kind's counter. */
    final String metric;

    EventKind(String metric) {
        this.metric = metric;
    }

    /** The kind that a result of status SKIPPED names. */
    static EventKind ofDetail(int detail) {
        return detail < BY_DETAIL.length ? BY_DETAIL[detail] : OTHER;
    }

    /** The kind of a known event type without rows, or null. */
    static EventKind ofType(String type) {
        return BY_TYPE.get(type);
    }
}
