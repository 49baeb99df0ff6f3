package bayeux.testserver;

import java.util.HashMap;
import java.util.Map;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.ext.ActivityExtension;
import org.cometd.server.ext.BinaryExtension;
import org.cometd.server.ext.TimestampExtension;
import org.cometd.server.ext.TimesyncExtension;
import org.cometd.server.http.JSONHttpTransport;
import org.cometd.server.http.JSONPHttpTransport;
import org.cometd.server.http.jakarta.CometDServlet;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/**
 * CometD in an embedded Jetty: {@code Main [--port=0] [--ack=true] [--timesync=true] [--timestamp=false]
 * [--binary=true] [--activity=0] [--greetings=0] [--<any option of BayeuxServer>=<value>]...}
 *
 * <p>Prints {@code READY <port>} when it listens and lives until its standard input closes, so that it
 * cannot outlive the process that started it.
 */
public final class Main {
    private static final String MAPPING = "/cometd/*";

    private Main() {
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> options = parse(args);
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(take(options, "port", "0")));
        server.addConnector(connector);
        deploy(server, options);
        server.start();
        System.out.println("READY " + connector.getLocalPort());
        while (System.in.read() >= 0) {
            // What is written to us has no meaning; only the end has.
        }
        // No farewell: to its clients the server is to look like one that died.
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, String> parse(String[] args) {
        Map<String, String> options = new HashMap<>();
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            if (pair.length != 2 || !pair[0].startsWith("--")) {
                throw new IllegalArgumentException("not --name=value: " + arg);
            }
            options.put(pair[0].substring(2), pair[1]);
        }
        return options;
    }

    private static String take(Map<String, String> options, String name, String otherwise) {
        String value = options.remove(name);
        return value == null ? otherwise : value;
    }

    private static void deploy(Server server, Map<String, String> options) {
        ServletContextHandler context = new ServletContextHandler("/");
        server.setHandler(context);
        context.insertHandler(WebSocketUpgradeHandler.from(server, context));
        BayeuxServerImpl bayeux = new BayeuxServerImpl();
        addExtensions(bayeux, options);
        bayeux.addListener(new Greetings(Integer.parseInt(take(options, "greetings", "0"))));
        bayeux.setSecurityPolicy(new TestPolicy());
        // The WebSocket transport finds its context and its path among the options.
        bayeux.setOption(Context.class.getName(), context.getContext());
        bayeux.setOption("ws.cometdURLMapping", MAPPING);
        options.forEach(bayeux::setOption);
        bayeux.setTransports(
            new JettyWebSocketTransport(bayeux), new JSONHttpTransport(bayeux), new JSONPHttpTransport(bayeux));
        context.setAttribute(BayeuxServer.ATTRIBUTE, bayeux);
        context.addBean(bayeux);
        RemoteCalls.offer(bayeux);
        addServlets(context, bayeux);
    }

    private static void addExtensions(BayeuxServerImpl bayeux, Map<String, String> options) {
        if (Boolean.parseBoolean(take(options, "ack", "true"))) {
            bayeux.addExtension(new AcknowledgedMessagesExtension());
        }
        if (Boolean.parseBoolean(take(options, "timesync", "true"))) {
            bayeux.addExtension(new TimesyncExtension());
        }
        if (Boolean.parseBoolean(take(options, "timestamp", "false"))) {
            bayeux.addExtension(new TimestampExtension());
        }
        if (Boolean.parseBoolean(take(options, "binary", "true"))) {
            bayeux.addExtension(new BinaryExtension());
        }
        long activity = Long.parseLong(take(options, "activity", "0"));
        if (activity > 0) {
            bayeux.addExtension(new ActivityExtension(ActivityExtension.Activity.CLIENT, activity));
        }
    }

    private static void addServlets(ServletContextHandler context, BayeuxServerImpl bayeux) {
        ServletHolder cometd = new ServletHolder(new CometDServlet());
        cometd.setAsyncSupported(true);
        cometd.setInitOrder(1);
        context.addServlet(cometd, MAPPING);
        context.addServlet(new ServletHolder(new ControlServlet(bayeux)), "/control/*");
    }
}
