package bayeux.benchmark;

import jakarta.websocket.ContainerProvider;
import jakarta.websocket.WebSocketContainer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.cometd.bayeux.Message;
import org.cometd.client.BayeuxClient;
import org.cometd.client.http.jetty.JettyHttpClientTransport;
import org.cometd.client.transport.ClientTransport;
import org.cometd.client.websocket.jakarta.WebSocketTransport;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.util.ajax.JSON;

/**
 * CometD's Java client as a program of the benchmarks: {@code Main <task as JSON>}.
 *
 * <p>The tasks and the lines of its output are described in benchmarks/tasks.py.
 */
public final class Main {
    private final Map<String, Object> task;

    private Main(Map<String, Object> task) {
        this.task = task;
    }

    @SuppressWarnings("unchecked")
    public static void main(String[] args) throws Exception {
        new Main((Map<String, Object>)new JSON().parse(new JSON.StringSource(args[0]))).run();
        while (System.in.read() >= 0) {
            // Only the end of the input has a meaning.
        }
        Runtime.getRuntime().halt(0);
    }

    private void run() throws Exception {
        BayeuxClient client = new BayeuxClient((String)task.get("url"), transport());
        client.handshake();
        client.waitFor(10_000, BayeuxClient.State.CONNECTED);
        switch ((String)task.get("kind")) {
            case "receive" -> receive(client, List.of((String)task.get("channel")));
            case "fan" -> receive(client, channels());
            case "subscribe" -> subscribe(client);
            case "publish" -> publish(client);
            default -> throw new IllegalArgumentException(task.toString());
        }
    }

    private ClientTransport transport() throws Exception {
        if ("websocket".equals(task.get("transport"))) {
            WebSocketContainer container = ContainerProvider.getWebSocketContainer();
            return new WebSocketTransport(options(), null, container);
        }
        HttpClient http = new HttpClient();
        http.start();
        return new JettyHttpClientTransport(options(), http);
    }

    /** A reply may have all events of a burst; the default is 1 MiB. */
    private static Map<String, Object> options() {
        return new HashMap<>(Map.of(ClientTransport.MAX_MESSAGE_SIZE_OPTION, 256 << 20));
    }

    private int number(String name) {
        return ((Number)task.get(name)).intValue();
    }

    private List<String> channels() {
        return IntStream.range(0, number("subscriptions")).mapToObj(each -> task.get("channel") + "/" + each).toList();
    }

    private void receive(BayeuxClient client, List<String> channels) throws InterruptedException {
        Recorder recorder = new Recorder(number("warmup"), number("count"), (Boolean)task.get("latency"));
        CountDownLatch subscribed = new CountDownLatch(channels.size());
        client.batch(() -> channels.forEach(name -> client.getChannel(name).subscribe(
            (channel, message) -> recorder.received((Number)message.getDataAsMap().get("t")),
            reply -> subscribed.countDown())));
        subscribed.await();
        recorder.subscribed();
    }

    private void subscribe(BayeuxClient client) throws InterruptedException {
        Recorder recorder = new Recorder(0, number("subscriptions"), false);
        recorder.subscribed();
        CountDownLatch subscribed = new CountDownLatch(number("subscriptions"));
        if ((Boolean)task.get("batched")) {
            client.batch(() -> channels().forEach(name -> client.getChannel(name).subscribe(
                (channel, message) -> { }, reply -> subscribed.countDown())));
            subscribed.await();
        } else {
            for (String name : channels()) {
                await(each -> client.getChannel(name).subscribe((channel, message) -> { }, each::accept));
            }
        }
        recorder.finished();
    }

    private void publish(BayeuxClient client) throws InterruptedException {
        Map<String, Object> data = Map.of("payload", "x".repeat(number("size")));
        Recorder recorder = new Recorder(0, number("count"), false);
        for (int phase = 0; phase < 2; phase++) {
            int count = phase == 0 ? number("warmup") : number("count");
            if (phase == 1) {
                recorder.subscribed();
            }
            for (int i = 0; i < count; i++) {
                await(each -> client.getChannel((String)task.get("channel")).publish(data, each::accept));
            }
        }
        recorder.finished();
    }

    private interface Request {
        void send(java.util.function.Consumer<Message> whenReplied);
    }

    private static void await(Request request) throws InterruptedException {
        CountDownLatch replied = new CountDownLatch(1);
        request.send(reply -> replied.countDown());
        replied.await();
    }
}
