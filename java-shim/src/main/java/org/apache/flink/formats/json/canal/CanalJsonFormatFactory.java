package org.apache.flink.formats.json.canal;

import io.canalnative.format.CanalNativeFormatFactory;

/**
 * The door: the class that Flink's service file names for {@code 'format' = 'canal-json'}.
 *
 * <p>It has the name of flink-json's own factory. Flink deduplicates factories by class name, and the first jar of
 * {@code lib/} in file-name order provides the class, so this one answers when its jar sorts before flink-json's.
 */
public class CanalJsonFormatFactory extends CanalNativeFormatFactory {

    /** The format's identifier, {@code canal-json}; the same constant as in flink-json's class of this name. */
    public static final String IDENTIFIER = "canal-json";

    /** Called by Java's service loader. */
    public CanalJsonFormatFactory() {
        super(IDENTIFIER);
    }
}
