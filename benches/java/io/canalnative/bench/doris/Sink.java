package io.canalnative.bench.doris;

/** A connector in a mode, with the options that make it so. */
enum Sink {
    BLACKHOLE("into blackhole", "", ""),
    OFFICIAL_STREAMING(
            "streaming, 2PC", "3 MB",
            "'connector' = 'doris', 'sink.enable-2pc' = 'true'"),
    OFFICIAL_BATCH(
            "batch mode", "30 MB",
            "'connector' = 'doris', 'sink.enable.batch-mode' = 'true', 'sink.buffer-flush.max-rows' = '500000', 'sink.buffer-flush.max-bytes' = '10mb', "
                    + "'sink.flush.queue-size' = '2'"),
    NATIVE_2PC(
            "2PC", "30 MB",
            "'connector' = 'doris-native', 'sink.enable-2pc' = 'true', 'sink.buffer-flush.max-rows' = '500000', 'sink.buffer-flush.max-bytes' = '10mb', "
                    + "'sink.flush.queue-size' = '2', 'sink.memory' = '30mb'"),
    NATIVE_FLUSH(
            "flush mode", "30 MB",
            "'connector' = 'doris-native', 'sink.enable-2pc' = 'false', 'sink.buffer-flush.max-rows' = '500000', 'sink.buffer-flush.max-bytes' = '10mb', "
                    + "'sink.flush.queue-size' = '2', 'sink.memory' = '30mb'"),
    /** As many bytes as the official streaming writer's three buffers of 1 MB. */
    NATIVE_2PC_SMALL(
            "2PC, bodies of 1 MB", "3 MB",
            "'connector' = 'doris-native', 'sink.enable-2pc' = 'true', 'sink.buffer-flush.max-rows' = '500000', 'sink.buffer-flush.max-bytes' = '1mb', "
                    + "'sink.flush.queue-size' = '2', 'sink.memory' = '3mb'");

    /** What the report calls it. */
    final String title;
    /** What it may hold of rows that are under way. */
    final String buffers;
    private final String options;

    Sink(String title, String buffers, String options) {
        this.title = title;
        this.buffers = buffers;
        this.options = options;
    }

    boolean isOfficial() {
        return name().startsWith("OFFICIAL");
    }

    boolean isOurs() {
        return name().startsWith("NATIVE");
    }

    /** The WITH clause. */
    String with(String format, String frontEnds, String user, String password, String table, String labelPrefix) {
        if (this == BLACKHOLE) {
            return "'connector' = 'blackhole'";
        }
        String body =
                format.equals("json")
                        ? "'sink.properties.format' = 'json', 'sink.properties.read_json_by_line' = 'true'"
                        : "'sink.properties.format' = 'csv', 'sink.properties.column_separator' = ','";
        return options + ", 'fenodes' = '" + frontEnds + "', 'table.identifier' = '" + table + "', 'username' = '" + user + "', 'password' = '" + password
                + "', 'sink.label-prefix' = '" + labelPrefix + "', " + body;
    }
}
