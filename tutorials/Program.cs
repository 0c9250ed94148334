using Tensorlet.Multiprocessing;
using Tutorials;

if (Spawn.Child()) return 0;
return Grading.Child(args) ?? CommandLine.Run(args);
