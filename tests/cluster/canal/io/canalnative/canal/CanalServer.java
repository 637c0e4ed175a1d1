package io.canalnative.canal;

import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.Properties;

import com.alibaba.otter.canal.connector.core.producer.AbstractMQProducer;
import com.alibaba.otter.canal.connector.core.spi.CanalMQProducer;
import com.alibaba.otter.canal.connector.kafka.producer.CanalKafkaProducer;
import com.alibaba.otter.canal.instance.core.CanalMQConfig;
import com.alibaba.otter.canal.instance.manager.CanalInstanceWithManager;
import com.alibaba.otter.canal.instance.manager.model.Canal;
import com.alibaba.otter.canal.instance.manager.model.CanalParameter;
import com.alibaba.otter.canal.protocol.ClientIdentity;
import com.alibaba.otter.canal.protocol.position.EntryPosition;
import com.alibaba.otter.canal.protocol.position.LogPosition;
import com.alibaba.otter.canal.server.CanalMQStarter;
import com.alibaba.otter.canal.server.embedded.CanalServerWithEmbedded;

/**
 * A Canal server that writes one source's changes to one Kafka topic: the embedded server, a source set up in code, and Canal's own loop from
 * it to its Kafka producer. (Canal's deployer, which does the same from Spring files, is in no package registry for 1.1.7.)
 *
 * <p>Usage: {@code CanalServer <database port> <user> <password> <binlog file> <server id> <bootstrap> <topic> <flatMessage>}. Runs until it
 * is ended; prints {@code running} when it has begun, and then {@code at <binlog file> <position>} whenever Kafka has more of the changes: where the
 * last event of them begins.
 */
public final class CanalServer {

    /** Canal's own of its loop to a message queue. */
    private static final short CLIENT = 1001;
    private static final long POLL_MILLIS = 10;

    private CanalServer() {}

    /** Starts the server. */
    public static void main(String[] args) throws Exception {
        boolean flat = Boolean.parseBoolean(args[7]);
        CanalMQProducer producer = new CanalKafkaProducer();
        Properties properties = new Properties();
        properties.setProperty("kafka.bootstrap.servers", args[5]);
        properties.setProperty("kafka.acks", "all");
        properties.setProperty("kafka.max.request.size", "1048576");
        properties.setProperty("canal.mq.flatMessage", args[7]);
        producer.init(properties);
        if (!(producer instanceof AbstractMQProducer) || producer.getMqProperties().isFlatMessage() != flat) {
            throw new IllegalStateException("The producer did not take flatMessage = " + flat);
        }
        String destination = "live";
        CanalServerWithEmbedded server = CanalServerWithEmbedded.instance();
        server.setCanalInstanceGenerator(name -> new Source(canal(name, args, flat), args[6]));
        server.start();
        server.start(destination);
        new CanalMQStarter(producer).start(destination);
        System.out.println("running");
        ClientIdentity client = new ClientIdentity(destination, CLIENT, "");
        for (EntryPosition last = null; ; Thread.sleep(POLL_MILLIS)) {
            LogPosition cursor = (LogPosition) server.getCanalInstances().get(destination).getMetaManager().getCursor(client);
            EntryPosition at = cursor == null ? null : cursor.getPostion();
            if (at != null && !at.equals(last)) {
                System.out.println("at " + at.getJournalName() + " " + at.getPosition());
                last = at;
            }
        }
    }

    private static Canal canal(String destination, String[] args, boolean flat) {
        CanalParameter parameters = new CanalParameter();
        parameters.setDataDir(System.getProperty("java.io.tmpdir"));
        parameters.setSourcingType(CanalParameter.SourcingType.MYSQL);
        parameters.setIndexMode(CanalParameter.IndexMode.MEMORY);
        InetSocketAddress database = new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0]));
        parameters.setGroupDbAddresses(
                Collections.singletonList(
                        Collections.singletonList(new CanalParameter.DataSourcing(CanalParameter.SourcingType.MYSQL, database))));
        parameters.setDbUsername(args[1]);
        parameters.setDbPassword(args[2]);
        parameters.setPositions(Collections.singletonList("{\"journalName\":\"" + args[3] + "\",\"position\":4}"));
        parameters.setSlaveId(Long.parseLong(args[4]));
        parameters.setDetectingEnable(false);
        parameters.setParallel(false);
        // As Canal's own launcher does it: flat messages are made of entries that are parsed.
        parameters.setMemoryStorageRawEntry(!flat);
        Canal canal = new Canal();
        canal.setId(1L);
        canal.setName(destination);
        canal.setCanalParameter(parameters);
        return canal;
    }

    /** The source with the topic that it goes to. */
    private static final class Source extends CanalInstanceWithManager {
        Source(Canal canal, String topic) {
            super(canal, "");
            CanalMQConfig config = new CanalMQConfig();
            config.setTopic(topic);
            config.setPartition(0);
            mqConfig = config;
        }
    }
}
