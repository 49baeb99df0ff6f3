package bayeux.testserver;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerSession;
import org.eclipse.jetty.util.ajax.JSON;

/** The control path of the tests: what happens on the server's side without any Bayeux client. */
final class ControlServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private final transient BayeuxServer bayeux;
    private final transient HeldPolls polls = new HeldPolls();

    ControlServlet(BayeuxServer bayeux) {
        this.bayeux = bayeux;
        bayeux.addListener(polls);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if ("/sessions".equals(request.getPathInfo())) {
            answer(response, bayeux.getSessions().stream().map(this::describe).toList());
        } else {
            response.sendError(HttpServletResponse.SC_NOT_FOUND);
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (request.getPathInfo()) {
            case "/publish" -> answer(response, publish(request));
            case "/send" -> answer(response, send(request));
            case "/drop" -> answer(response, forEachSession(request, bayeux::removeSession));
            case "/disconnect" -> answer(response, forEachSession(request, ServerSession::disconnect));
            default -> response.sendError(HttpServletResponse.SC_NOT_FOUND);
        }
    }

    private static void answer(HttpServletResponse response, Object result) throws IOException {
        response.setContentType("application/json;charset=UTF-8");
        response.getWriter().print(new JSON().toJSON(result));
    }

    private Map<String, Object> describe(ServerSession session) {
        List<String> channels = session.getSubscriptions().stream().map(ServerChannel::getId).sorted().toList();
        return Map.of("id", session.getId(), "subscriptions", channels, "held", polls.contains(session));
    }

    private Map<String, Object> publish(HttpServletRequest request) throws IOException {
        List<ServerChannel> channels = channels(request);
        int count = Integer.parseInt(request.getParameter("count"));
        EventSource events = new EventSource(
            (number, data) -> channels.get(number % channels.size()).publish(null, data, Promise.noop()),
            Integer.parseInt(request.getParameter("start")),
            Integer.parseInt(request.getParameter("size")),
            members(request),
            Boolean.parseBoolean(request.getParameter("replay")));
        events.emit(count, Double.parseDouble(request.getParameter("rate")));
        return Map.of("published", count);
    }

    private Map<String, Object> send(HttpServletRequest request) throws IOException {
        channel(request).publish(null, new JSON().parse(new JSON.ReaderSource(request.getReader())), Promise.noop());
        return Map.of("published", 1);
    }

    private ServerChannel channel(HttpServletRequest request) {
        return channel(request.getParameter("channel"));
    }

    private ServerChannel channel(String name) {
        return bayeux.createChannelIfAbsent(name).getReference();
    }

    /** The channel of the request; with "spread" that many channels below it, which take turns. */
    private List<ServerChannel> channels(HttpServletRequest request) {
        String name = request.getParameter("channel");
        int spread = Integer.parseInt(request.getParameter("spread"));
        return spread == 0
            ? List.of(channel(name))
            : IntStream.range(0, spread).mapToObj(number -> channel(name + "/" + number)).toList();
    }

    /** The further members of each event's data: the body. */
    @SuppressWarnings("unchecked")
    private static Map<String, Object> members(HttpServletRequest request) throws IOException {
        Object body = new JSON().parse(new JSON.ReaderSource(request.getReader()));
        return body == null ? Map.of() : (Map<String, Object>)body;
    }

    private Map<String, Object> forEachSession(HttpServletRequest request, Consumer<ServerSession> action) {
        String id = request.getParameter("session");
        List<ServerSession> sessions =
            bayeux.getSessions().stream().filter(session -> id == null || id.equals(session.getId())).toList();
        sessions.forEach(action);
        return Map.of("sessions", sessions.size());
    }
}
