package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;

/** What {@code verify} and {@code correct} take on the command line. */
class VerifyOptionsTest {

    @Test
    void anAddressIsAHostAndAPort() {
        for (String address : Arrays.asList("fe:9030", "10.0.0.7:9030", "[::1]:9030")) {
            assertEquals(address, VerifyOptions.parse(Arrays.asList("job.yaml", "--doris-query", address)).dorisQuery);
        }
        for (String none : Arrays.asList("fe", "fe:", ":9030", "fe:port", "fe:903000")) {
            List<String> arguments = Arrays.asList("job.yaml", "--report", "found.json", "--doris-query", none);
            String said = assertThrows(IllegalArgumentException.class, () -> VerifyOptions.parse(arguments)).getMessage();
            assertTrue(said.contains("--doris-query is '" + none + "'") && said.contains("HOST:PORT"), said);
            assertEquals(said, assertThrows(IllegalArgumentException.class, () -> CorrectOptions.parse(arguments)).getMessage());
        }
    }
}
