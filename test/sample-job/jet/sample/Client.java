package sample;

import com.hazelcast.jet.Jet;
import com.hazelcast.jet.JetInstance;
import com.hazelcast.jet.config.JetClientConfig;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.Pipeline;

import java.util.concurrent.ConcurrentMap;

/** A client of stand-alone Jet 4.x that waits for ever for a cluster that does not answer. */
final class Client {

    private final JetInstance instance;

    Client(String clusterName, String address) {
        JetClientConfig config = new JetClientConfig();
        config.setClusterName(clusterName);
        config.getNetworkConfig().addAddress(address);
        config.getConnectionStrategyConfig().getConnectionRetryConfig()
                .setClusterConnectTimeoutMillis(-1)
                .setMaxBackoffMillis(1_000);
        config.setProperty("hazelcast.client.invocation.timeout.seconds", "5");
        instance = Jet.newJetClient(config);
    }

    void submitIfAbsent(Pipeline pipeline, JobConfig config) {
        instance.newJobIfAbsent(pipeline, config);
    }

    <K, V> ConcurrentMap<K, V> map(String name) {
        return instance.getMap(name);
    }
}
