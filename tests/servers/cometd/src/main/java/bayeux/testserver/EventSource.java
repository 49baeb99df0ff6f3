package bayeux.testserver;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** A run of numbered events: {"seq": n, "t": nanoseconds since the epoch, "payload": "xxx..."}. */
final class EventSource {
    private static final double NANOS = 1e9;
    private final Consumer<Object> sink;
    private final String payload;
    private int next;

    EventSource(Consumer<Object> sink, int start, int size) {
        this.sink = sink;
        this.next = start;
        this.payload = "x".repeat(size);
    }

    /** Emits all at once; or, with a rate (events per second), returns and emits from a thread of its own. */
    void emit(int count, double rate) {
        if (rate > 0) {
            Thread thread = new Thread(() -> paced(count, rate), "events");
            thread.setDaemon(true);
            thread.start();
        } else {
            for (int i = 0; i < count; i++) {
                one();
            }
        }
    }

    private void paced(int count, double rate) {
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long due = begin + (long) (i * NANOS / rate);
            for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            one();
        }
    }

    private void one() {
        Instant now = Instant.now();
        long nanos = now.getEpochSecond() * (long) NANOS + now.getNano();
        sink.accept(Map.of("seq", next++, "t", nanos, "payload", payload));
    }
}
