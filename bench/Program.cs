using System.CommandLine;
using Bench;

var root = new RootCommand("Measures the bindings and the networks on this machine. Every figure names the command that made it.");
root.Subcommands.Add(FloorCommand.Create());
root.Subcommands.Add(GraphCommand.Create());
root.Subcommands.Add(FusionCommand.Create());
root.Subcommands.Add(GrowthCommand.Create());
return root.Parse(args).Invoke();
