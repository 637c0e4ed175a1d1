package io.canalnative;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.sql.Types;
import java.util.Arrays;
import java.util.Properties;

/**
 * A connection by a JDBC driver that the user brings: what {@code native/src/bridge/jdbc.rs} asks, and nothing else. Used by one thread at a time.
 *
 * <p>Cells come as the driver has them: numbers as {@code BigDecimal.toPlainString}, of {@code BINARY_FLOAT} and {@code BINARY_DOUBLE} as Java writes them, bytes as they are, all
 * else as text in UTF-8.
 */
final class JdbcSession implements AutoCloseable {

    /** What a failure means: {@code Why} of {@code native/src/snapshot/jdbc.rs}. */
    static final int REFUSED = 0;

    static final int AWAY = 1;
    static final int MISSING = 2;
    static final int LOGIN = 3;
    static final int NO_DRIVER = 4;
    static final int UNLIKE = 5;

    /** {@code oracle.jdbc.OracleTypes}. */
    private static final int BINARY_FLOAT = 100;

    private static final int BINARY_DOUBLE = 101;

    /** {@code ORA-} and what follows: table or view does not exist. */
    private static final int ORA_MISSING = 942;
    /** Invalid identifier. */
    private static final int ORA_UNLIKE = 904;
    /** No password, a wrong one, an account that is locked, or whose password has expired. */
    private static final int[] ORA_LOGIN = {1005, 1017, 28000, 28001};
    /** Starting, not open, shutting down; the connection was lost; the listener does not know the service, or cannot reach it, or is not there; the driver's own of a broken connection. */
    private static final int[] ORA_AWAY = {1033, 1034, 1089, 1090, 3113, 3114, 3135, 12505, 12514, 12516, 12518, 12520, 12521, 12528, 12537, 12541, 17002, 17008, 17410, 17800};

    private static final int ROWS_AT_ONCE = 1_000;
    private static final int BYTES_AT_ONCE = 256 << 10;

    private final Connection connection;
    private Statement statement;
    private ResultSet rows;
    private int[] types = {};

    private JdbcSession(Connection connection) {
        this.connection = connection;
    }

    /**
     * Connects.
     *
     * @param url without user and password
     * @param seconds limit for a connection to be made
     */
    static JdbcSession open(String url, String user, String password, int seconds) throws SQLException {
        Driver driver;
        try {
            driver = DriverManager.getDriver(url);
        } catch (SQLException e) {
            throw new NoDriverException(url, e);
        }
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("oracle.net.CONNECT_TIMEOUT", String.valueOf(1000L * seconds));
        // A name of the JVM's zone may be none to the server.
        properties.setProperty("oracle.jdbc.timezoneAsRegion", "false");
        properties.setProperty("v$session.program", "canal-native");
        Connection connection = driver.connect(url, properties);
        if (connection == null) {
            throw new NoDriverException(url, null);
        }
        return new JdbcSession(connection);
    }

    /** Runs a statement; how many columns it selects. */
    int run(String sql) throws SQLException {
        end();
        statement = connection.createStatement();
        statement.setFetchSize(ROWS_AT_ONCE);
        if (!statement.execute(sql)) {
            end();
            return 0;
        }
        rows = statement.getResultSet();
        ResultSetMetaData of = rows.getMetaData();
        types = new int[of.getColumnCount()];
        for (int i = 0; i < types.length; i++) {
            types[i] = of.getColumnType(i + 1);
        }
        return types.length;
    }

    /** The next rows of the last statement, for each cell {@code [i32 bytes, -1 for NULL][the bytes]}, little endian; null at its end. */
    byte[] next() throws SQLException {
        if (rows == null) {
            return null;
        }
        ByteArrayOutputStream found = new ByteArrayOutputStream();
        int count = 0;
        while (count < ROWS_AT_ONCE && found.size() < BYTES_AT_ONCE && rows.next()) {
            for (int i = 0; i < types.length; i++) {
                byte[] cell = cell(i + 1, types[i]);
                int length = cell == null ? -1 : cell.length;
                for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                    found.write(length >> shift);
                }
                if (cell != null) {
                    found.write(cell, 0, cell.length);
                }
            }
            count++;
        }
        if (count == 0) {
            end();
            return null;
        }
        return found.toByteArray();
    }

    private byte[] cell(int column, int type) throws SQLException {
        switch (type) {
            case Types.BINARY:
            case Types.VARBINARY:
            case Types.LONGVARBINARY:
                return rows.getBytes(column);
            case Types.BLOB:
                Blob bytes = rows.getBlob(column);
                return bytes == null ? null : bytes.getBytes(1, length(bytes.length(), column));
            default:
                String text = text(column, type);
                return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
        }
    }

    private String text(int column, int type) throws SQLException {
        switch (type) {
            case Types.NUMERIC:
            case Types.DECIMAL:
            case Types.FLOAT:
            case Types.INTEGER:
            case Types.BIGINT:
                BigDecimal number = rows.getBigDecimal(column);
                return number == null ? null : number.toPlainString();
            case BINARY_FLOAT:
                float single = rows.getFloat(column);
                return rows.wasNull() ? null : Float.toString(single);
            case BINARY_DOUBLE:
                double twice = rows.getDouble(column);
                return rows.wasNull() ? null : Double.toString(twice);
            case Types.CLOB:
            case Types.NCLOB:
                Clob text = rows.getClob(column);
                return text == null ? null : text.getSubString(1, length(text.length(), column));
            default:
                return rows.getString(column);
        }
    }

    private static int length(long length, int column) throws SQLException {
        if (length > Integer.MAX_VALUE - 8) {
            throw new SQLException("a value of column " + column + " has " + length + " bytes or characters, which is more than 2 GB");
        }
        return (int) length;
    }

    private void end() throws SQLException {
        Statement ended = statement;
        statement = null;
        rows = null;
        if (ended != null) {
            ended.close();
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }

    /** What it means that this was thrown. */
    static int why(Throwable thrown) {
        if (thrown instanceof NoDriverException) {
            return NO_DRIVER;
        }
        int code = thrown instanceof SQLException ? ((SQLException) thrown).getErrorCode() : 0;
        if (code == ORA_MISSING) {
            return MISSING;
        }
        if (code == ORA_UNLIKE) {
            return UNLIKE;
        }
        if (is(code, ORA_LOGIN)) {
            return LOGIN;
        }
        boolean away = thrown instanceof SQLRecoverableException || thrown instanceof SQLTransientException || is(code, ORA_AWAY);
        return away ? AWAY : REFUSED;
    }

    private static boolean is(int code, int[] codes) {
        return Arrays.stream(codes).anyMatch(known -> known == code);
    }

    /** In its own words, on one line. */
    static String text(Throwable thrown) {
        String message = thrown.getMessage();
        return message == null ? thrown.toString() : message.trim().replaceAll("\\s*\\R\\s*", "; ");
    }

    /** No driver takes the address. */
    private static final class NoDriverException extends SQLException {
        private static final long serialVersionUID = 1;

        NoDriverException(String url, Throwable cause) {
            super("no JDBC driver takes " + url, cause);
        }
    }
}
