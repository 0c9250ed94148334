namespace Tutorials;
static class Measurement { public static int Run(bool quick) => 0; }
