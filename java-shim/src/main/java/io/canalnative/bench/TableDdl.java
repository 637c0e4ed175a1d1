package io.canalnative.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectPath;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.types.DataType;

/** What a CREATE TABLE statement says of its format, read by the planner of the Flink that runs. */
final class TableDdl {

    /** The options that flink-json's format has; its factory refuses any other. */
    private static final Set<String> STOCK_OPTIONS = new HashSet<>(Arrays.asList(
            "ignore-parse-errors", "timestamp-format.standard", "database.include", "table.include", "map-null-key.mode", "map-null-key.literal",
            "encode.decimal-as-plain-number", "encode.ignore-null-fields"));
    private static final Set<String> STOCK_METADATA = new HashSet<>(Arrays.asList(
            "database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp"));

    /** The table's name. */
    final String name;
    /** The columns that the format reads, a ROW. */
    final DataType columns;
    /** The format's metadata keys that flink-json has too, and those that it has not. */
    final List<String> metadata = new ArrayList<>();
    final List<String> nativeMetadata = new ArrayList<>();
    /** Format options that flink-json has too, and those that it has not. */
    final Map<String, String> options = new LinkedHashMap<>();
    final Map<String, String> nativeOptions = new LinkedHashMap<>();
    /** Whether the connector asks for GenericRowData: it has a key format or metadata columns of its own. */
    final boolean genericRows;

    /** @throws Refusal if the text is not one CREATE TABLE of a canal-json table */
    TableDdl(String text) throws Refusal {
        TableEnvironment environment = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().build());
        ResolvedCatalogTable table = created(environment, text);
        name = environment.listTables()[0];
        Map<String, String> with = table.getOptions();
        boolean ofValue = with.containsKey("value.format");
        String format = with.get(ofValue ? "value.format" : "format");
        if (!"canal-json".equals(format) && !"canal-json-native".equals(format)) {
            throw new Refusal("table " + name + " has " + (format == null ? "no 'format'" : "'format' = '" + format + "'") + "; bench compares 'canal-json'");
        }
        String prefix = (ofValue ? "value." : "") + format + ".";
        with.forEach((key, value) -> {
            String own = key.startsWith(prefix) ? key.substring(prefix.length()) : "";
            if (!own.isEmpty()) {
                (STOCK_OPTIONS.contains(own) ? options : nativeOptions).put(own, value);
            }
        });
        // It would compare flink-json with itself.
        nativeOptions.remove("codec");
        List<String> keys = "EXCEPT_KEY".equals(with.get("value.fields-include")) ? Arrays.asList(with.getOrDefault("key.fields", "").split(";")) : Collections.emptyList();
        boolean generic = with.containsKey("key.format");
        List<DataTypes.Field> fields = new ArrayList<>();
        for (Column column : table.getResolvedSchema().getColumns()) {
            if (column instanceof Column.MetadataColumn) {
                generic |= !addMetadata((Column.MetadataColumn) column);
            } else if (column.isPhysical() && !keys.contains(column.getName())) {
                fields.add(DataTypes.FIELD(column.getName(), column.getDataType()));
            }
        }
        if (fields.isEmpty()) {
            throw new Refusal("table " + name + " has no column that the format reads");
        }
        columns = DataTypes.ROW(fields.toArray(new DataTypes.Field[0])).notNull();
        genericRows = generic;
    }

    /** Whether it is the format's; connectors pass these on as {@code value.…}. */
    private boolean addMetadata(Column.MetadataColumn column) {
        String key = column.getMetadataKey().orElse(column.getName());
        if (!key.startsWith("value.")) {
            return false;
        }
        String own = key.substring("value.".length());
        (STOCK_METADATA.contains(own) ? metadata : nativeMetadata).add(own);
        return true;
    }

    private static ResolvedCatalogTable created(TableEnvironment environment, String text) throws Refusal {
        String statement = text.trim();
        while (statement.endsWith(";")) {
            statement = statement.substring(0, statement.length() - 1).trim();
        }
        try {
            environment.executeSql(statement);
            String catalog = environment.getCurrentCatalog();
            String database = environment.getCurrentDatabase();
            String[] tables = environment.listTables();
            if (tables.length != 1) {
                throw new Refusal("the file of --ddl created " + tables.length + " tables in " + catalog + "." + database + "; it has to be one CREATE TABLE statement without a database");
            }
            CatalogBaseTable table = environment.getCatalog(catalog).get().getTable(new ObjectPath(database, tables[0]));
            if (!(table instanceof ResolvedCatalogTable)) {
                throw new Refusal(tables[0] + " is no table with columns of its own, but " + table.getTableKind());
            }
            return (ResolvedCatalogTable) table;
        } catch (Refusal e) {
            throw e;
        } catch (Exception e) {
            throw new Refusal("Flink refuses the statement of --ddl (it has to be one CREATE TABLE): " + deepest(e));
        }
    }

    private static String deepest(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    /** What the user has to change; its message is all there is to say. */
    static final class Refusal extends Exception {
        Refusal(String message) {
            super(message);
        }
    }
}
