package io.canalnative.format;

/**
 * The same format under an identifier of its own, for jars that do not stand in Flink's {@code lib/}: with {@code ADD
 * JAR} Flink takes the class of {@code canal-json} from its own flink-json.
 */
public class CanalJsonNativeFormatFactory extends CanalNativeFormatFactory {

    /** The format's identifier, {@code canal-json-native}. */
    public static final String IDENTIFIER = "canal-json-native";

    /** Called by Java's service loader. */
    public CanalJsonNativeFormatFactory() {
        super(IDENTIFIER);
    }
}
