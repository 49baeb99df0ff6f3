package bayeux.reliability;

import jakarta.websocket.ContainerProvider;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.cometd.bayeux.Channel;
import org.cometd.bayeux.Message;
import org.cometd.bayeux.client.ClientSessionChannel;
import org.cometd.client.BayeuxClient;
import org.cometd.client.ext.AckExtension;
import org.cometd.client.http.jetty.JettyHttpClientTransport;
import org.cometd.client.transport.ClientTransport;
import org.cometd.client.websocket.jakarta.WebSocketTransport;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.util.ajax.JSON;

/**
 * CometD's Java client, with its acknowledge extension, driven by JSON lines as the other clients of the matrix are.
 *
 * <p>It subscribes anew in each handshake's listener, as CometD's documentation asks for.
 */
public final class Main {
    private static final JSON json = new JSON();
    private static final Set<String> channels = ConcurrentHashMap.newKeySet();
    private static BayeuxClient client;

    private Main() {
    }

    public static void main(String[] args) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        HttpClient http = new HttpClient();
        http.start();
        tell("ready", Map.of());
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Map<?, ?> command = (Map<?, ?>) json.fromJSON(line);
            switch ((String) command.get("op")) {
                case "start" -> start((String) command.get("url"), (String) command.get("transport"), http);
                case "subscribe" -> subscribe((String) command.get("channel"));
                case "publish" -> publish((String) command.get("channel"), command.get("data"));
                default -> throw new IllegalArgumentException(line);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private static synchronized void tell(String event, Map<String, ?> details) {
        Map<String, Object> line = new HashMap<>(details);
        line.put("event", event);
        System.out.println(json.toJSON(line));
    }

    private static void start(String url, String transport, HttpClient http) {
        ClientTransport made = transport.equals("websocket")
            ? new WebSocketTransport(url.replaceFirst("http", "ws"), null, null, ContainerProvider.getWebSocketContainer())
            : new JettyHttpClientTransport(null, http);
        client = new BayeuxClient(url, made);
        client.addExtension(new AckExtension());
        client.getChannel(Channel.META_HANDSHAKE).addListener((ClientSessionChannel.MessageListener) (channel, reply) -> {
            if (reply.isSuccessful()) {
                channels.forEach(Main::ask);
                tell("up", Map.of());
            }
        });
        client.handshake();
    }

    private static void subscribe(String channel) {
        channels.add(channel);
        ask(channel);
    }

    private static void ask(String channel) {
        client.getChannel(channel)
            .subscribe(Main::receive, reply -> outcome("subscribed", "channel", channel, reply));
    }

    private static void receive(ClientSessionChannel channel, Message message) {
        tell("message", Map.of("channel", message.getChannel(), "data", message.getData()));
    }

    private static void publish(String channel, Object data) {
        client.getChannel(channel).publish(data, reply -> outcome("published", "data", data, reply));
    }

    private static void outcome(String event, String key, Object value, Message reply) {
        tell(event, Map.of(key, value, "successful", reply.isSuccessful(), "error", error(reply)));
    }

    private static Object error(Message reply) {
        // A local failure has the exception in it, whose text differs from run to run.
        if (reply.get("failure") instanceof Map<?, ?> failure && failure.get("exception") instanceof Throwable cause) {
            return cause.getClass().getName();
        }
        return String.valueOf(reply.get("error"));
    }
}
