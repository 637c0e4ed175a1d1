package io.canalnative.job;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;

import org.apache.flink.api.common.JobID;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Why a job of this process was restarted: Flink tells it nobody but whoever asks its REST server, which listens on loopback. */
final class FailureReport {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CAUSE = "Caused by: ";

    private FailureReport() {}

    /** A port of loopback that nobody listens on now. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The innermost cause of the last failure; null if it is not to be had. */
    static String ofLast(int restPort, JobID job) {
        try {
            HttpURLConnection connection = (HttpURLConnection) new URL("http://127.0.0.1:" + restPort + "/jobs/" + job + "/exceptions?maxExceptions=1").openConnection();
            connection.setConnectTimeout(2000);
            connection.setReadTimeout(2000);
            try (InputStream answer = connection.getInputStream()) {
                JsonNode last = JSON.readTree(answer).path("exceptionHistory").path("entries").path(0);
                return last.isMissingNode() ? null : innermost(last.path("stacktrace").asText());
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return null;
        }
    }

    /** Of a printed stack trace the message of the innermost cause, without its class. */
    static String innermost(String trace) {
        int from = Math.max(0, trace.lastIndexOf("\n" + CAUSE) + 1);
        int to = trace.indexOf("\n\tat ", from);
        String line = trace.substring(from, to < 0 ? trace.length() : to).trim();
        line = line.startsWith(CAUSE) ? line.substring(CAUSE.length()) : line;
        String[] parts = line.split(": ", 2);
        return parts.length == 2 && !parts[0].contains(" ") ? parts[1] + remedy(parts[0]) : line;
    }

    /** What to do about an exception of Kafka's, by the name of its class; empty for others, which say it themselves. */
    static String remedy(String thrown) {
        switch (thrown.substring(thrown.lastIndexOf('.') + 1)) {
            case "OffsetOutOfRangeException":
                return ". The topic no longer has the message that the job goes on from, or has been made anew: rows are missing, and those of a new topic would count as older. "
                        + "Drop the tables in Doris, remove the job's state, and begin anew with a topic that has all their rows";
            case "UnknownTopicOrPartitionException":
                return " One of source.canal.kafka.topics is not there; create it, or correct its name";
            default:
                return "";
        }
    }
}
