package bayeux.benchmark;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;

/** Counts the events of the warm-up and of the measurement, and prints what the measurement cost. */
final class Recorder {
    private final OperatingSystemMXBean system =
        (OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();
    private final int count;
    private final long[] latencies;
    private int warmup;
    private int seen;
    private long processor;
    private long started;

    Recorder(int warmup, int count, boolean latency) {
        this.warmup = warmup;
        this.count = count;
        this.latencies = latency ? new long[count] : null;
    }

    synchronized void subscribed() {
        say("subscribed");
        if (warmup == 0) {
            begin();
        }
    }

    synchronized void received(Number sent) {
        if (warmup > 0) {
            if (--warmup == 0) {
                begin();
            }
            return;
        }
        if (latencies != null) {
            Instant now = Instant.now();
            latencies[seen] = now.getEpochSecond() * 1_000_000_000L + now.getNano() - sent.longValue();
        }
        if (++seen == count) {
            finished();
        }
    }

    private void begin() {
        say("ready");
        processor = system.getProcessCpuTime();
        started = System.nanoTime();
    }

    synchronized void finished() {
        double processorSeconds = (system.getProcessCpuTime() - processor) / 1e9;
        double seconds = (System.nanoTime() - started) / 1e9;
        String latency = "";
        if (latencies != null) {
            Arrays.sort(latencies);
            latency = String.format(
                Locale.ROOT, ",\"p50\":%f,\"p99\":%f", latencies[count / 2] / 1e6, latencies[count * 99 / 100] / 1e6);
        }
        System.out.printf(
            Locale.ROOT,
            "{\"event\":\"result\",\"processor\":%f,\"seconds\":%f,\"count\":%d%s}%n",
            processorSeconds, seconds, count, latency);
    }

    private static void say(String event) {
        System.out.printf("{\"event\":\"%s\"}%n", event);
    }
}
