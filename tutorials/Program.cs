using Tensorlet.Multiprocessing;
using Tutorials;

if (Spawn.Child()) return 0;
return Compiler.Run(args) ?? CommandLine.Run(args);
