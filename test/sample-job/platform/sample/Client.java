package sample;

import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.Pipeline;

import java.util.concurrent.ConcurrentMap;

/** A client of Hazelcast Platform 5.x that waits for ever for a cluster that does not answer. */
final class Client {

    private final HazelcastInstance instance;

    Client(String clusterName, String address) {
        ClientConfig config = new ClientConfig();
        config.setClusterName(clusterName);
        config.getNetworkConfig().addAddress(address);
        config.getConnectionStrategyConfig().getConnectionRetryConfig()
                .setClusterConnectTimeoutMillis(-1)
                .setMaxBackoffMillis(1_000);
        config.setProperty("hazelcast.client.invocation.timeout.seconds", "5");
        instance = HazelcastClient.newHazelcastClient(config);
    }

    void submitIfAbsent(Pipeline pipeline, JobConfig config) {
        instance.getJet().newJobIfAbsent(pipeline, config);
    }

    <K, V> ConcurrentMap<K, V> map(String name) {
        return instance.getMap(name);
    }
}
