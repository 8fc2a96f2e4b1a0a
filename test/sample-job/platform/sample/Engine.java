package sample;

import com.hazelcast.core.Hazelcast;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.Pipeline;

/** Hazelcast Platform 5.x. */
final class Engine {

    private Engine() {
    }

    /** Submits the job unless one with its name is there: asking twice is harmless. */
    static void submit(Pipeline pipeline, JobConfig config) {
        Hazelcast.bootstrappedInstance().getJet().newJobIfAbsent(pipeline, config);
    }
}
