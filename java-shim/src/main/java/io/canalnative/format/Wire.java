package io.canalnative.format;

/** What the messages are: what a Canal server writes with {@code flatMessage} true or false. */
enum Wire {
    /** Flat messages, one JSON object each. */
    JSON("json", "canal_json"),
    /** Packets of entries. */
    PROTOBUF("protobuf", "canal_protobuf");

    /** The name in the decoder's specification. */
    final String text;
    /** Name of the metric group. */
    final String metrics;

    Wire(String text, String metrics) {
        this.text = text;
        this.metrics = metrics;
    }
}
