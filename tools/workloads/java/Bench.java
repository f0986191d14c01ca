// SPDX-License-Identifier: BSD-2-Clause
//
// Bench SCENARIO [options]: what weft-bench and native-bench do, in Java (17 or later, nothing else). One JSON line.
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public final class Bench {
	private static final long MIB = 1024 * 1024;

	/** The options' values by letter; what was not given is the scenario's default. */
	private record Options(Map<Character, Double> numbers, boolean nGiven, String mode) {
		long whole(char letter) {
			return numbers.get(letter).longValue();
		}

		double real(char letter) {
			return numbers.get(letter);
		}
	}

	private interface Run {
		void run(Options options, Result result) throws Exception;
	}

	/** takes: letters with their defaults. */
	private record Scenario(String help, Map<Character, Double> takes, List<String> modes, Run run) {
	}

	private static final Map<String, Scenario> SCENARIOS = new LinkedHashMap<>();

	static {
		SCENARIOS.put("start", new Scenario("an HTTP server that answers one request of its own, and ends",
			Map.of(), List.of(), Serve::start));
		SCENARIOS.put("cpu", new Scenario("computes: fib, sieve, matmul, mandelbrot, words; each -n times",
			Map.of('n', 3.0), List.of(), Cpu::run));
		SCENARIOS.put("serve", new Scenario("HTTP for load-bench, -b bytes for each request, until SIGTERM",
			Map.of('b', (double) MIB), List.of(), Serve::run));
		SCENARIOS.put("alloc", new Scenario("-n arrays of -b bytes (100 ints), each kept for a moment",
			Map.of('n', 5e6, 'b', 400.0), List.of(), Heap::alloc));
		SCENARIOS.put("churn", new Scenario(
			"blocks of -b bytes replace others in a live heap of -l MiB, for -t seconds or -n times",
			Map.of('n', 0.0, 't', 1.0, 'b', 1024.0, 'l', 64.0), List.of(), Heap::churn));
		SCENARIOS.put("idle", new Scenario("-n threads that wait for -t seconds; virtual: Java 21 or later",
			Map.of('n', 1000.0, 't', 0.1), List.of("thread", "virtual"), Idle::run));
	}

	// ---- the result ----

	/** One JSON line on standard output. Keys and strings need no escapes. */
	private static final class Result {
		private final StringBuilder figures = new StringBuilder();
		private final StringBuilder spans = new StringBuilder();
		private long collectionsBefore;
		private long gcMsBefore;

		Result(String scenario) {
			figures.append("{\"scenario\":\"").append(scenario).append("\",\"runtime\":\"java\"");
			put("version", '"' + System.getProperty("java.version") + '"');
			put("procs", Runtime.getRuntime().availableProcessors());
		}

		Result put(String key, Object value) {
			figures.append(",\"").append(key).append("\":").append(value);
			return this;
		}

		/** n operations between two readings of System.nanoTime(), which is CLOCK_MONOTONIC. */
		Result span(String name, long begin, long end, long n) {
			spans.append(spans.isEmpty() ? "" : ",").append('"').append(name).append("\":{\"begin_ns\":").append(begin)
				.append(",\"end_ns\":").append(end).append(",\"n\":").append(n).append('}');
			return this;
		}

		/** What was collected until now does not count. */
		void warmedUp() {
			collectionsBefore = gc(GarbageCollectorMXBean::getCollectionCount);
			gcMsBefore = gc(GarbageCollectorMXBean::getCollectionTime);
		}

		/** The collector's own figures. */
		Result collector() {
			put("collections", gc(GarbageCollectorMXBean::getCollectionCount) - collectionsBefore);
			put("gc_ns", (gc(GarbageCollectorMXBean::getCollectionTime) - gcMsBefore) * 1_000_000);
			return put("heap_bytes", Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
		}

		void print() throws IOException {
			put("resident_bytes", memory("VmRSS"));
			put("peak_resident_bytes", memory("VmHWM"));
			System.out.println(figures + ",\"spans\":{" + spans + "}}");
			if (System.out.checkError())
				throw new IOException("the result cannot be written to standard output");
		}

		private static long gc(ToLongFunction<GarbageCollectorMXBean> figure) {
			return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(figure).sum();
		}
	}

	/** A line of /proc/self/status, in bytes. */
	private static long memory(String key) throws IOException {
		Matcher m = Pattern.compile("^" + key + ":\\s*(\\d+) kB", Pattern.MULTILINE)
			.matcher(Files.readString(Path.of("/proc/self/status")));
		return m.find() ? Long.parseLong(m.group(1)) * 1024 : 0;
	}

	// ---- cpu: ../bench/cpu.h says what, the same in each language ----

	private static final class Cpu {
		static final int FIB = 32, SIEVE = 5_000_000, MATRIX = 300, MANDELBROT = 400, ESCAPE = 50;
		static final int WORDS = 1_000_000, MOST_LETTERS = 4, SEED = (int) 2463534242L;

		static final boolean[] composite = new boolean[SIEVE + 1];
		static final double[][] a = new double[MATRIX][MATRIX], b = new double[MATRIX][MATRIX];
		static final double[][] product = new double[MATRIX][MATRIX];
		static final int[] starts = new int[WORDS + 1];
		static String text;

		private record Part(String name, String key, LongSupplier run) {
		}

		static void run(Options options, Result result) throws IOException {
			List<Part> parts = List.of(new Part("fib", "fib", () -> fib(FIB)), new Part("sieve", "primes", Cpu::sieve),
				new Part("matmul", "matmul_sum", Cpu::matmul),
				new Part("mandelbrot", "mandelbrot_points", Cpu::mandelbrot),
				new Part("words", "different_words", Cpu::words));
			long n = options.whole('n');

			makeWords();
			result.put("n", n);
			for (Part part : parts) {
				long first = part.run.getAsLong(); // to warm up: it is compiled now
				long begin = System.nanoTime();
				for (long i = 0; i < n; i++)
					if (part.run.getAsLong() != first)
						throw new IllegalStateException(part.name + " has come to something else than before");
				result.span(part.name, begin, System.nanoTime(), n).put(part.key, first);
			}
			result.print();
		}

		static long fib(int n) {
			return n < 2 ? n : fib(n - 1) + fib(n - 2);
		}

		static long sieve() {
			long primes = 0;
			Arrays.fill(composite, false);
			for (int i = 2; i * i <= SIEVE; i++) {
				if (composite[i])
					continue;
				for (int k = i * i; k <= SIEVE; k += i)
					composite[k] = true;
			}
			for (int i = 2; i <= SIEVE; i++)
				primes += composite[i] ? 0 : 1;
			return primes;
		}

		static long matmul() {
			double sum = 0;
			for (int i = 0; i < MATRIX; i++)
				for (int k = 0; k < MATRIX; k++) {
					a[i][k] = (i + k) % 7;
					b[i][k] = (i * k) % 5;
					product[i][k] = 0;
				}
			// along the rows, as the caches like it
			for (int i = 0; i < MATRIX; i++)
				for (int k = 0; k < MATRIX; k++)
					addScaled(product[i], b[k], a[i][k]);
			for (double[] row : product)
				for (double x : row)
					sum += x;
			return (long) sum;
		}

		private static void addScaled(double[] to, double[] row, double factor) {
			for (int j = 0; j < MATRIX; j++)
				to[j] += factor * row[j];
		}

		// Of c in -2 .. 1 and -1.5 .. 1.5
		private static boolean escapes(double real, double imaginary) {
			double x = 0, y = 0;
			for (int i = 0; i < ESCAPE; i++) {
				double next = x * x - y * y + real;
				y = 2 * x * y + imaginary;
				x = next;
				if (x * x + y * y > 4)
					return true;
			}
			return false;
		}

		static long mandelbrot() {
			long points = 0;
			for (int row = 0; row < MANDELBROT; row++)
				for (int column = 0; column < MANDELBROT; column++)
					if (!escapes(3.0 * column / MANDELBROT - 2, 3.0 * row / MANDELBROT - 1.5))
						points++;
			return points;
		}

		private static void makeWords() {
			byte[] letters = new byte[WORDS * MOST_LETTERS];
			int x = SEED, at = 0;
			for (int i = 0; i < WORDS; i++) {
				x ^= x << 13;
				x ^= x >>> 17;
				x ^= x << 5;
				starts[i] = at;
				for (int k = 0; k <= (x & 3); k++)
					letters[at++] = (byte) ('a' + ((x >>> (8 + 4 * k)) & 15));
			}
			starts[WORDS] = at;
			text = new String(letters, 0, at, StandardCharsets.US_ASCII);
		}

		static long words() {
			Map<String, Integer> counts = new HashMap<>();
			for (int i = 0; i < WORDS; i++)
				counts.merge(text.substring(starts[i], starts[i + 1]), 1, Integer::sum);
			return counts.size();
		}
	}

	// ---- HTTP ----

	private static final class Serve {
		static final int PAGE = 4096;

		// A byte in each page is written, and they are added up
		private static long work(int bytes, long seed) {
			byte[] memory = new byte[bytes];
			long sum = 0;
			for (int at = 0; at < bytes; at += PAGE)
				memory[at] = (byte) (seed + at / PAGE);
			for (int at = 0; at < bytes; at += PAGE)
				sum += memory[at] & 255;
			return sum;
		}

		private static HttpServer listen(LongSupplier work) throws IOException {
			// head and body go out one by one: without it the second waits for the client's delayed acknowledgement
			System.setProperty("sun.net.httpserver.nodelay", "true");
			HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
			server.createContext("/", exchange -> {
				boolean get = exchange.getRequestMethod().equals("GET");
				byte[] body = (get ? work.getAsLong() + "\n" : "only GET\n").getBytes(StandardCharsets.US_ASCII);
				exchange.getResponseHeaders().set("Content-Type", "text/plain");
				exchange.sendResponseHeaders(get ? 200 : 405, body.length);
				exchange.getResponseBody().write(body);
				exchange.close();
			});
			server.setExecutor(Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors()));
			server.start();
			return server;
		}

		static void start(Options options, Result result) throws IOException {
			long begin = System.nanoTime();
			HttpServer server = listen(() -> 1);
			int port = server.getAddress().getPort();
			try (var answer = URI.create("http://127.0.0.1:" + port + "/").toURL().openStream()) {
				answer.readAllBytes();
			}
			result.span("all", begin, System.nanoTime(), 1).put("requests", 1).print();
			System.exit(0);
		}

		static void run(Options options, Result result) throws IOException {
			AtomicLong n = new AtomicLong(), begin = new AtomicLong(), end = new AtomicLong();
			int bytes = (int) options.whole('b');
			HttpServer server = listen(() -> {
				begin.compareAndSet(0, System.nanoTime());
				long sum = work(bytes, n.getAndIncrement());
				end.accumulateAndGet(System.nanoTime(), Math::max);
				return sum;
			});
			// SIGTERM
			Runtime.getRuntime().addShutdownHook(new Thread(() -> {
				try {
					if (n.get() > 0)
						result.span("all", begin.get(), end.get(), n.get());
					result.put("n", n.get()).put("block_bytes", bytes).collector().print();
				} catch (IOException e) {
					System.err.println("Bench: serve: " + e.getMessage());
				}
			}));
			System.out.println("{\"port\":" + server.getAddress().getPort() + "}");
		}
	}

	// ---- memory ----

	private static final class Heap {
		static final int KEPT = 1024, LOOK_AT_CLOCK = 64;
		static Object[] live; // seen by all, so nothing of it may be left out

		private static void allocate(long n, int ints) {
			int[][] kept = new int[KEPT][];
			live = kept;
			for (long i = 0; i < n; i++) {
				int[] array = new int[ints], old = kept[(int) (i % KEPT)];
				Arrays.fill(array, (int) i);
				if (old != null && (old[0] != (int) (i - KEPT) || old[ints - 1] != (int) (i - KEPT)))
					throw new IllegalStateException("array " + (i - KEPT) + " has been overwritten");
				kept[(int) (i % KEPT)] = array;
			}
		}

		static void alloc(Options options, Result result) throws IOException {
			int ints = (int) Math.max(1, options.whole('b') / Integer.BYTES);
			long n = options.whole('n');
			allocate(Math.min(n, 100_000), ints); // compiled now
			result.warmedUp();
			long begin = System.nanoTime();
			allocate(n, ints);
			long end = System.nanoTime();
			result.span("all", begin, end, n).put("n", n).put("block_bytes", ints * Integer.BYTES);
			result.put("allocated_bytes", n * ints * Integer.BYTES).put("ns_per_block", (double) (end - begin) / n);
			result.collector().print();
		}

		static void churn(Options options, Result result) throws IOException {
			int bytes = (int) options.whole('b');
			int slots = (int) Math.max(1, options.whole('l') * MIB / bytes);
			long most = options.nGiven() ? options.whole('n') : Long.MAX_VALUE, replaced = 0;
			byte[][] blocks = new byte[slots][];
			Random random = new Random(1);

			live = blocks;
			long begin = System.nanoTime(), until = begin + (long) (options.real('t') * 1e9);
			for (int i = 0; i < slots; i++)
				blocks[i] = new byte[bytes];
			while (replaced < most) {
				if (!options.nGiven() && replaced % LOOK_AT_CLOCK == 0 && System.nanoTime() >= until)
					break;
				blocks[random.nextInt(slots)] = new byte[bytes];
				replaced++;
			}
			long end = System.nanoTime();
			result.span("all", begin, end, replaced + slots).put("n", replaced).put("block_bytes", bytes);
			result.put("live_bytes", (long) slots * bytes).put("allocated_bytes", (replaced + slots) * bytes);
			result.put("ns_per_block", (double) (end - begin) / (replaced + slots)).collector().print();
		}
	}

	// ---- idle ----

	private static final class Idle {
		/** Starts a thread that runs `task`; virtual ones are called by reflection, as Java 17 does not have them. */
		private static Thread start(boolean virtual, Runnable task) throws ReflectiveOperationException {
			if (virtual)
				return (Thread) Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
			Thread thread = new Thread(task);
			thread.start();
			return thread;
		}

		static void run(Options options, Result result) throws Exception {
			long n = options.whole('n'), before = memory("VmRSS"), beforeVirtual = memory("VmSize");
			CountDownLatch over = new CountDownLatch(1);
			AtomicLong waiting = new AtomicLong();
			List<Thread> threads = new ArrayList<>();
			String why = null;

			long begin = System.nanoTime();
			try {
				while (threads.size() < n)
					threads.add(start(options.mode().equals("virtual"), () -> {
						waiting.incrementAndGet();
						try {
							over.await();
						} catch (InterruptedException e) {
							Thread.currentThread().interrupt();
						}
					}));
			} catch (OutOfMemoryError e) { // so it calls what the system has no more threads for
				why = e.getMessage();
			} catch (NoSuchMethodException e) {
				throw new IllegalStateException("Java " + System.getProperty("java.version") + " has no virtual threads");
			}
			long reached = threads.size();
			if (reached == 0)
				throw new IllegalStateException("no thread can start: " + why);
			while (waiting.get() < reached)
				Thread.onSpinWait();
			result.span("all", begin, System.nanoTime(), reached);
			TimeUnit.NANOSECONDS.sleep((long) (options.real('t') * 1e9));
			result.put("mode", '"' + options.mode() + '"').put("n", n).put("reached", reached);
			result.put("bytes_per_task", (double) (memory("VmRSS") - before) / reached);
			result.put("virtual_bytes_per_task", (double) (memory("VmSize") - beforeVirtual) / reached);
			over.countDown();
			for (Thread thread : threads)
				thread.join();
			result.print();
		}
	}

	// ---- the command line ----

	private static final class WrongUsage extends Exception {
		private static final long serialVersionUID = 1;

		WrongUsage(String what) {
			super(what);
		}
	}

	private static String usage() {
		StringBuilder text = new StringBuilder("usage: Bench NAME [-n N] [-t SECONDS] [-l MIB] [-b BYTES] [-m MODE]\n");
		SCENARIOS.forEach((name, s) -> {
			String takes = s.takes.isEmpty() ? "no options" : "";
			for (char letter : s.takes.keySet())
				takes += (takes.isEmpty() ? "-" : " -") + letter;
			text.append(String.format("  %-6s %s (takes %s%s)\n", name, s.help, takes,
				s.modes.isEmpty() ? "" : "; -m " + String.join(" | ", s.modes)));
		});
		return text.toString();
	}

	private static double number(char letter, String text) throws WrongUsage {
		double most = letter == 'b' ? 1e9 : letter == 'n' ? 1e12 : 1e6, x;
		try {
			x = Double.parseDouble(text);
		} catch (NumberFormatException e) {
			x = 0;
		}
		if (!(x > 0) || x > most)
			throw new WrongUsage("-" + letter + " " + text + ": a number above 0 and up to " + (long) most + " is wanted");
		if (letter != 't' && x != Math.rint(x))
			throw new WrongUsage("-" + letter + " " + text + ": a whole number is wanted");
		return x;
	}

	private static Options parse(Scenario scenario, String[] args) throws WrongUsage {
		Map<Character, Double> numbers = new LinkedHashMap<>(scenario.takes);
		String mode = scenario.modes.isEmpty() ? "" : scenario.modes.get(0);
		boolean nGiven = false;

		for (int i = 1; i < args.length; i++) {
			if (!args[i].matches("-[a-z].*"))
				throw new WrongUsage(args[i] + " is no option");
			char letter = args[i].charAt(1);
			if (!scenario.takes.containsKey(letter) && (letter != 'm' || scenario.modes.isEmpty()))
				throw new WrongUsage(args[0] + " takes no -" + letter);
			if (args[i].length() == 2 && i + 1 == args.length)
				throw new WrongUsage("-" + letter + " wants a value");
			String value = args[i].length() > 2 ? args[i].substring(2) : args[++i];
			if (letter != 'm')
				numbers.put(letter, number(letter, value));
			else if (scenario.modes.contains(value))
				mode = value;
			else
				throw new WrongUsage(args[0] + " has no mode " + value);
			nGiven |= letter == 'n';
		}
		return new Options(numbers, nGiven, mode);
	}

	public static void main(String[] args) {
		if (args.length == 1 && args[0].equals("-h")) {
			System.out.print(usage());
			return;
		}
		try {
			if (args.length == 0)
				throw new WrongUsage("which scenario?");
			Scenario scenario = SCENARIOS.get(args[0]);
			if (scenario == null)
				throw new WrongUsage("there is no scenario " + args[0]);
			scenario.run.run(parse(scenario, args), new Result(args[0]));
		} catch (WrongUsage e) {
			System.err.print("Bench: " + e.getMessage() + "\n" + usage());
			System.exit(2);
		} catch (Exception | OutOfMemoryError e) {
			System.err.println("Bench: " + args[0] + ": " + (e.getMessage() == null ? e : e.getMessage()));
			System.exit(1);
		}
	}
}
