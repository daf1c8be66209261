package lienthong.foreign;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Answers one question a line: a command and its arguments, separated by tabs; the answer is "ok" or "no" and words. */
public final class Main {
  private Main() {}

  /** One command: its arguments are names of files and words. */
  @FunctionalInterface
  interface Command {
    String run(String[] arguments) throws Exception;
  }

  private static final Map<String, Command> COMMANDS =
      Map.of(
          "dsig-verify", XmlSignatures::verify,
          "dsig-sign", XmlSignatures::sign,
          "wss-verify", SoapSecurity::verify,
          "wss-sign", SoapSecurity::sign,
          "xades-verify", Advanced::verify,
          "xades-sign", Advanced::sign);

  public static void main(String[] ignored) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err); // what libraries say must not be taken for an answer
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    out.println("ready");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(answer(line.split("\t")));
    }
  }

  private static String answer(String[] words) {
    String[] arguments = java.util.Arrays.copyOfRange(words, 1, words.length);
    try {
      return "ok\t" + COMMANDS.get(words[0]).run(arguments);
    } catch (Throwable problem) {
      String text = problem.getClass().getSimpleName() + ": " + problem.getMessage();
      return "no\t" + text.replaceAll("\\s+", " ");
    }
  }
}
