package io.canalnative;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Logger;

/** A JDBC driver of a service {@code PLAYED} that answers what it was told to answer, and {@code ORA-00900} to everything else. There is no Oracle behind it. */
final class PlayedOracle implements Driver, AutoCloseable {

    static final String SERVICE = "PLAYED";

    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final List<String> beginnings = new ArrayList<>();
    /** All that was asked, in order. */
    final List<String> asked = Collections.synchronizedList(new ArrayList<>());

    private SQLException refusal;

    private static final class Answer {
        int[] types;
        Object[][] rows;
        SQLException failure;
    }

    PlayedOracle() throws SQLException {
        DriverManager.registerDriver(this);
    }

    /** What each SELECT gives that begins so. */
    PlayedOracle answerLike(String beginning, int[] types, Object[]... rows) {
        beginnings.add(beginning);
        return answer(beginning, types, rows);
    }

    /** What a SELECT gives: a value for each column, of these types of {@link java.sql.Types} and of the driver's own. */
    PlayedOracle answer(String statement, int[] types, Object[]... rows) {
        Answer answer = new Answer();
        answer.types = types;
        answer.rows = rows;
        answers.put(statement, answer);
        return this;
    }

    /** That a statement fails with {@code ORA-} and this code. */
    PlayedOracle fail(String statement, int code) {
        Answer answer = new Answer();
        answer.failure = failure(code);
        answers.put(statement, answer);
        return this;
    }

    /** That nobody can connect; with 0 everybody can again. */
    void refuse(int code) {
        refusal = code == 0 ? null : failure(code);
    }

    private static SQLException failure(int code) {
        return new SQLException(String.format("ORA-%05d: played%nhttps://docs/%n", code), "42000", code);
    }

    @Override
    public Connection connect(String url, Properties properties) throws SQLException {
        if (!acceptsURL(url)) {
            return null;
        }
        if (refusal != null) {
            throw refusal;
        }
        return proxy(Connection.class, (proxy, method, arguments) -> "createStatement".equals(method.getName()) ? statement() : null);
    }

    private Statement statement() {
        Answer[] found = new Answer[1];
        return proxy(Statement.class, (proxy, method, arguments) -> {
            switch (method.getName()) {
                case "execute":
                    String sql = (String) arguments[0];
                    asked.add(sql);
                    if (sql.startsWith("ALTER SESSION ") || sql.startsWith("BEGIN ")) {
                        return false;
                    }
                    found[0] = answers.getOrDefault(sql, beginnings.stream().filter(sql::startsWith).findFirst().map(answers::get).orElse(null));
                    if (found[0] == null || found[0].failure != null) {
                        throw found[0] == null ? failure(900) : found[0].failure;
                    }
                    return true;
                case "getResultSet":
                    return rows(found[0]);
                default:
                    return null;
            }
        });
    }

    private static ResultSet rows(Answer answer) {
        int[] at = {-1};
        boolean[] wasNull = {false};
        return proxy(ResultSet.class, (proxy, method, arguments) -> {
            switch (method.getName()) {
                case "getMetaData":
                    return proxy(ResultSetMetaData.class, (of, asked, column) -> "getColumnCount".equals(asked.getName()) ? answer.types.length : answer.types[(int) column[0] - 1]);
                case "next":
                    return ++at[0] < answer.rows.length;
                case "wasNull":
                    return wasNull[0];
                case "close":
                    return null;
                default:
                    Object cell = answer.rows[at[0]][(int) arguments[0] - 1];
                    wasNull[0] = cell == null;
                    if (cell == null && method.getReturnType().isPrimitive()) {
                        return method.getReturnType() == float.class ? (Object) 0f : (Object) 0d;
                    }
                    return cell;
            }
        });
    }

    /** A CLOB with this text. */
    static Clob clob(String text) {
        return proxy(Clob.class, (proxy, method, arguments) -> "length".equals(method.getName()) ? (Object) (long) text.length() : text);
    }

    /** A BLOB with these bytes. */
    static Blob blob(byte... bytes) {
        return proxy(Blob.class, (proxy, method, arguments) -> "length".equals(method.getName()) ? (Object) (long) bytes.length : bytes);
    }

    private static <T> T proxy(Class<T> of, InvocationHandler handler) {
        return of.cast(Proxy.newProxyInstance(PlayedOracle.class.getClassLoader(), new Class<?>[] {of}, handler));
    }

    @Override
    public boolean acceptsURL(String url) {
        return url.startsWith("jdbc:oracle:thin:@//") && url.endsWith("/" + SERVICE);
    }

    @Override
    public DriverPropertyInfo[] getPropertyInfo(String url, Properties properties) {
        return new DriverPropertyInfo[0];
    }

    @Override
    public int getMajorVersion() {
        return 0;
    }

    @Override
    public int getMinorVersion() {
        return 0;
    }

    @Override
    public boolean jdbcCompliant() {
        return false;
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getGlobal();
    }

    @Override
    public void close() throws SQLException {
        DriverManager.deregisterDriver(this);
    }
}
