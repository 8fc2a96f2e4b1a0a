package sample;

import com.hazelcast.jet.Jet;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.Pipeline;

/** Stand-alone Jet 4.x. */
final class Engine {

    private Engine() {
    }

    /** Submits the job unless one with its name is there: asking twice is harmless. */
    static void submit(Pipeline pipeline, JobConfig config) {
        Jet.bootstrappedInstance().newJobIfAbsent(pipeline, config);
    }
}
