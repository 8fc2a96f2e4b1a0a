import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;

/** Starts a member by the main class that its image starts, then says what the engine made of the configuration files. */
public final class RenderedMember {
    public static void main(String[] args) throws Exception {
        Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        HazelcastInstance instance = Hazelcast.getAllHazelcastInstances().iterator().next();
        Config config = instance.getConfig();
        say("cluster", config.getClusterName());
        say("snapshotBackups", config.findMapConfig("__jet.snapshot.1.0").getBackupCount());
        say("recordBackups", config.findMapConfig("__jet.records").getBackupCount());
        say("userBackups", config.findMapConfig("orders").getBackupCount());
        say("multicast", config.getNetworkConfig().getJoin().getMulticastConfig().isEnabled());
        say("autoDetection", config.getNetworkConfig().getJoin().isAutoDetectionEnabled());
        say("shutdownPolicy", config.getProperty("hazelcast.shutdownhook.policy"));
        say("user", config.getProperty("hazelcast.partition.count"));
        System.out.println("> done");
    }

    private static void say(String name, Object value) {
        System.out.println("> " + name + "=" + value);
    }
}
