Console.WriteLine("Tensorlet");
