package io.canalnative.differential;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.table.types.utils.TypeConversions;

/**
 * The files of tests/data, described in its README.md.
 *
 * <p>System property {@value #ROOT}: the project's directory, by default the working directory.
 */
public final class TestData {

    static final String ROOT = "canal.native.root";

    private TestData() {}

    /** A path below tests/data. */
    public static Path path(String below) {
        Path path = Paths.get(System.getProperty(ROOT, ""), "tests", "data", below).toAbsolutePath();
        if (!Files.exists(path)) {
            throw new IllegalStateException(path + " does not exist; run in the project's directory, or set -D" + ROOT);
        }
        return path;
    }

    /** The lines of a file as bytes, a {@code .gz} file unpacked. */
    public static List<byte[]> lines(Path file) throws IOException {
        List<byte[]> lines = new ArrayList<>();
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = new BufferedInputStream(file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw, 1 << 16)) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (b == '\n') {
                    lines.add(line.toByteArray());
                    line.reset();
                } else {
                    line.write(b);
                }
            }
            if (line.size() > 0) {
                lines.add(line.toByteArray());
            }
        }
        return lines;
    }

    /** Flink's type for its SQL text. */
    public static DataType type(String sql) {
        return TypeConversions.fromLogicalToDataType(LogicalTypeParser.parse(sql, TestData.class.getClassLoader()));
    }

    /** The columns of a row, from names and SQL types. */
    public static DataType columns(Map<String, String> types) {
        List<DataTypes.Field> fields = new ArrayList<>();
        types.forEach((name, sql) -> fields.add(DataTypes.FIELD(name, type(sql))));
        return DataTypes.ROW(fields.toArray(new DataTypes.Field[0])).notNull();
    }

    /** {@code captured/schemas.json}: set → {@code database.table} → column → SQL type. */
    public static Map<String, Map<String, Map<String, String>>> capturedSchemas() throws IOException {
        JsonNode root = new ObjectMapper().readTree(path("canal/captured/schemas.json").toFile());
        Map<String, Map<String, Map<String, String>>> sets = new LinkedHashMap<>();
        root.fields().forEachRemaining(
                set -> {
                    Map<String, Map<String, String>> tables = new LinkedHashMap<>();
                    set.getValue().fields().forEachRemaining(table -> tables.put(table.getKey(), columnTypes(table.getValue())));
                    sets.put(set.getKey(), tables);
                });
        return sets;
    }

    private static Map<String, String> columnTypes(JsonNode columns) {
        Map<String, String> types = new LinkedHashMap<>();
        columns.forEach(column -> types.put(column.get("name").asText(), column.get("sql").asText()));
        return types;
    }
}
