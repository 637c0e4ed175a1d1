package io.canalnative.doris;

import java.io.IOException;
import java.io.Serializable;

import io.canalnative.DorisLoads;
import io.canalnative.DorisTransactions;

/** Who sends the loads. */
interface DorisBackend extends Serializable {

    /** @param spec UTF-8 JSON of {@link DorisSpec} */
    DorisLoads loads(byte[] spec) throws IOException;

    /** @param spec UTF-8 JSON of {@link DorisSpec} */
    DorisTransactions transactions(byte[] spec) throws IOException;
}
