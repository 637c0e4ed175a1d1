package io.canalnative.database;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** A database that writes down what happens to it as Canal does, and knows what is in it: tables with a key {@code id} and columns of numbers and texts. */
final class SourceDatabase {

    final List<byte[]> messages = new ArrayList<>();
    private final String name;
    private final Map<String, Table> tables = new TreeMap<>();

    private static final class Table {
        final Map<String, String> types = new LinkedHashMap<>();
        final TreeMap<Integer, Map<String, String>> rows = new TreeMap<>();
    }

    SourceDatabase(String name) {
        this.name = name;
    }

    void create(String table) {
        tables.put(table, new Table());
        types(table).put("id", "int");
        types(table).put("v", "varchar(20)");
        ddl(table, "CREATE", "CREATE TABLE " + table + " (id int NOT NULL, v varchar(20), PRIMARY KEY (id))");
    }

    void createLike(String table, String like) {
        tables.put(table, new Table());
        types(table).putAll(types(like));
        ddl(table, "CREATE", "CREATE TABLE " + table + " LIKE " + like);
    }

    void addColumn(String table, String column, String type) {
        types(table).put(column, type);
        ddl(table, "ALTER", "ALTER TABLE " + table + " ADD COLUMN " + column + " " + type + " NULL");
    }

    /** To a type that holds the values that are there. */
    void modifyColumn(String table, String column, String type) {
        types(table).put(column, type);
        ddl(table, "ALTER", "ALTER TABLE " + table + " MODIFY COLUMN " + column + " " + type + " NULL");
    }

    void dropColumn(String table, String column) {
        types(table).remove(column);
        tables.get(table).rows.values().forEach(row -> row.remove(column));
        ddl(table, "ALTER", "ALTER TABLE " + table + " DROP COLUMN " + column);
    }

    void renameColumn(String table, String from, String to) {
        Map<String, String> types = new LinkedHashMap<>();
        types(table).forEach((column, type) -> types.put(column.equals(from) ? to : column, type));
        types(table).clear();
        types(table).putAll(types);
        tables.get(table).rows.values().forEach(row -> row.put(to, row.remove(from)));
        ddl(table, "ALTER", "ALTER TABLE " + table + " RENAME COLUMN " + from + " TO " + to);
    }

    void rename(String from, String to) {
        tables.put(to, tables.remove(from));
        ddl(to, "RENAME", "RENAME TABLE " + from + " TO " + to);
    }

    void truncate(String table) {
        tables.get(table).rows.clear();
        ddl(table, "TRUNCATE", "TRUNCATE TABLE " + table);
    }

    /** Inserts or replaces a row; columns that have no value here get one of their own. */
    void put(String table, int id, String... columnsAndValues) {
        Table of = tables.get(table);
        Map<String, String> before = of.rows.get(id);
        Map<String, String> row = new LinkedHashMap<>();
        for (Map.Entry<String, String> column : of.types.entrySet()) {
            row.put(column.getKey(), column.getKey().equals("id") ? String.valueOf(id) : column.getValue().contains("int") ? String.valueOf(id * 7) : "of " + id);
        }
        for (int i = 0; i < columnsAndValues.length; i += 2) {
            row.put(columnsAndValues[i], columnsAndValues[i + 1]);
        }
        of.rows.put(id, row);
        rows(table, before == null ? "INSERT" : "UPDATE", row, before);
    }

    /** Gives a column of all rows the same value. */
    void setAll(String column, String value, String... tables) {
        for (String table : tables) {
            for (Integer id : this.tables.get(table).rows.keySet()) {
                put(table, id, column, value);
            }
        }
    }

    void delete(String table, int id) {
        rows(table, "DELETE", tables.get(table).rows.remove(id), null);
    }

    /** The tables' names. */
    List<String> tables() {
        return new ArrayList<>(tables.keySet());
    }

    /** A table's columns, in order. */
    String columns(String table) {
        return String.join(", ", types(table).keySet());
    }

    /** A table's rows in the order of their keys, as Doris shows them. */
    List<List<String>> rows(String table) {
        return tables.get(table).rows.values().stream()
                .map(row -> types(table).keySet().stream().map(row::get).collect(Collectors.toList()))
                .collect(Collectors.toList());
    }

    private Map<String, String> types(String table) {
        return tables.get(table).types;
    }

    private void rows(String table, String type, Map<String, String> row, Map<String, String> before) {
        ObjectNode message = message(table, type, false, "");
        row.forEach(message.putArray("data").addObject()::put);
        if (before != null) {
            ObjectNode old = message.putArray("old").addObject();
            before.forEach((column, value) -> {
                if (!String.valueOf(value).equals(row.get(column))) {
                    old.put(column, value);
                }
            });
        }
        types(table).forEach(message.putObject("mysqlType")::put);
        message.putArray("pkNames").add("id");
        add(message);
    }

    private void ddl(String table, String type, String sql) {
        add(message(table, type, true, sql));
    }

    /** With {@code es} as time passes: a second for each ten messages. */
    private ObjectNode message(String table, String type, boolean isDdl, String sql) {
        ObjectNode message = DatabaseSpec.JSON.createObjectNode();
        message.putNull("data").put("database", name).put("es", 1_700_000_000_000L + messages.size() / 10 * 1000).put("id", messages.size()).put("isDdl", isDdl);
        message.putNull("mysqlType").putNull("old").putNull("pkNames").put("sql", sql).putNull("sqlType").put("table", table);
        return message.put("ts", 1_700_000_000_000L + messages.size() * 100L).put("type", type);
    }

    private void add(ObjectNode message) {
        messages.add(message.toString().getBytes(StandardCharsets.UTF_8));
    }
}
