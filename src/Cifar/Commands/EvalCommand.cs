using System.CommandLine;

namespace Cifar;

/// <summary><c>resnet eval</c>: tests a trained network.</summary>
internal static class EvalCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "eval";

    /// <summary>Makes the command.</summary>
    /// <param name="factory">Puts networks on the device.</param>
    /// <param name="output">Where the result goes.</param>
    public static Command Create(ITrainingFactory factory, TextWriter output)
    {
        var run = new Argument<string>("run") { Description = "A run's folder (its best network is tested) or one of its checkpoints" };
        var data = OptionParts.Plain("--data", "folder", "Folder of the data set, where it is not the one the run was trained on; \"digits\" for the embedded digits");
        var subset = new Option<bool>("--allow-subset") { Description = "Accept batch files with fewer or more whole records than the published ones" };
        var batch = OptionParts.Whole("--batch-size", "Images computed at a time, by default the run's", 1, 65_536);
        var device = DeviceChoice.Option();
        var command = new Command(Name, "Tests a trained network on the test images.") { run, data, subset, batch, device };
        command.SetAction(parsed => EvalRun.Execute(
            parsed.GetRequiredValue(run), parsed.GetValue(data), parsed.GetValue(subset), parsed.GetValue(batch), DeviceChoice.Parse(parsed.GetValue(device)), factory, output));
        return command;
    }
}
