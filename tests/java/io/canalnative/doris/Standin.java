package io.canalnative.doris;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** tests/doris-standin as a process: two front ends, two back ends, on free ports. Ends with {@link #close}; shared with tests/official-connector. */
public final class Standin implements AutoCloseable {

    public static final String USER = "root";
    public static final String PASSWORD = "s3cret:/@";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final JsonNode ports;
    /** Null without TLS. */
    private final SSLSocketFactory tls;

    public Standin(String... flags) throws IOException {
        this(null, flags);
    }

    /** @param folder its HTTP ports speak TLS, and what signed their certificate is {@code ca.pem} there; null without TLS */
    Standin(Path folder, String... flags) throws IOException {
        Path program = Paths.get(System.getProperty("canal.native.standin", "target/debug/doris-standin")).toAbsolutePath();
        if (!Files.exists(program)) {
            throw new IOException(program + " does not exist; `cargo build -p doris-standin` makes it");
        }
        List<String> command = new ArrayList<>(Arrays.asList(program.toString(), "--frontends", "2", "--backends", "2", "--password", PASSWORD));
        command.addAll(Arrays.asList(flags));
        if (folder != null) {
            command.addAll(Arrays.asList("--tls", folder.toString()));
        }
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        // The program ends when its standard input is closed, so also when this JVM does.
        ports = JSON.readTree(new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine());
        tls = folder == null ? null : trusting(folder.resolve("ca.pem"));
    }

    private static SSLSocketFactory trusting(Path authority) throws IOException {
        try (InputStream pem = Files.newInputStream(authority)) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            trusted.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(pem));
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /** {@code fenodes}. */
    public String frontEnds() {
        List<String> addresses = new ArrayList<>();
        ports.get("fe").forEach(port -> addresses.add("127.0.0.1:" + port.asInt()));
        return String.join(",", addresses);
    }

    /** Runs a statement; the rows, each cell as text, NULL as null. */
    public List<List<String>> sql(String database, String statement) throws IOException {
        String to = (tls == null ? "http://" : "https://") + frontEnds().split(",")[0] + "/api/query/default_cluster/" + database;
        JsonNode answer = call("POST", to, JSON.createObjectNode().put("stmt", statement).toString());
        if (answer.path("code").asInt() != 0) {
            throw new IOException(statement + ": " + answer);
        }
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode row : answer.path("data").path("data")) {
            List<String> cells = new ArrayList<>();
            row.forEach(cell -> cells.add(cell.isNull() ? null : cell.asText()));
            rows.add(cells);
        }
        return rows;
    }

    /** Switches a fault on, as the stand-in's README names it. */
    public void fault(String json) throws IOException {
        admin("POST", "/faults", json);
    }

    /** Every transaction there was. */
    public JsonNode transactions() throws IOException {
        return admin("GET", "/transactions", null);
    }

    /** An admin call, as the stand-in's README lists them. */
    public JsonNode admin(String method, String path, String body) throws IOException {
        return call(method, "http://127.0.0.1:" + ports.get("admin").asInt() + path, body);
    }

    private JsonNode call(String method, String to, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(to).openConnection();
        if (connection instanceof HttpsURLConnection) {
            ((HttpsURLConnection) connection).setSSLSocketFactory(tls);
        }
        connection.setRequestMethod(method);
        byte[] login = (USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8);
        connection.setRequestProperty("Authorization", "Basic " + Base64.getEncoder().encodeToString(login));
        if (body != null) {
            connection.setDoOutput(true);
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body.getBytes(StandardCharsets.UTF_8));
            }
        }
        try (InputStream in = connection.getInputStream()) {
            return JSON.readTree(in);
        }
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
