package io.canalnative.doris;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.config.TableConfigOptions;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.types.RowKind;

/** The table of these tests: {@code shop.orders (id BIGINT PRIMARY KEY, name STRING)}. */
final class OrdersTable {

    static final List<String> NAMES = Arrays.asList("id", "name");
    static final RowType COLUMNS = RowType.of(new LogicalType[] {new BigIntType(false), VarCharType.STRING_TYPE}, new String[] {"id", "name"});

    private OrdersTable() {}

    /** Options by name: the required ones, then these pairs. */
    static Map<String, String> options(String... pairs) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("fenodes", "fe1:8030,fe2:8030");
        options.put("table.identifier", "shop.orders");
        options.put("username", "loader");
        options.put("password", "s3cret");
        for (int i = 0; i < pairs.length; i += 2) {
            options.put(pairs[i], pairs[i + 1]);
        }
        return options;
    }

    static DorisSettings settings(String... pairs) {
        Map<String, String> options = options(pairs);
        return new DorisSettings(Configuration.fromMap(options), options, NAMES);
    }

    static DorisTarget target(String... pairs) {
        return new DorisTarget(settings(pairs), COLUMNS, new int[] {0}, zone("UTC"));
    }

    static SessionZone zone(String id) {
        return SessionZone.of(new Configuration().set(TableConfigOptions.LOCAL_TIME_ZONE, id));
    }

    static RowData row(RowKind kind, long id, String name) {
        return GenericRowData.ofKind(kind, id, StringData.fromString(name));
    }
}
