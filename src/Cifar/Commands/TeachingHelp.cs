using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Cifar;

/// <summary>The usual help, followed by examples and what the exit codes mean.</summary>
internal sealed class TeachingHelp(HelpAction usual) : SynchronousCommandLineAction
{
    private const string RootExamples =
        """
        Start here:
          resnet train                          learn the embedded digits: no data, no network, no GPU needed
          resnet train --data DIR               learn CIFAR-10 or CIFAR-100, unpacked in DIR
          resnet eval runs/RUN                  test the best network of an earlier run
          resnet benchmark step                 how fast training is on this machine

        Each command explains itself: resnet train --help
        Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted after saving.
        """;

    private const string TrainExamples =
        """
        Examples:
          resnet train --epochs 10
              The digits, ten epochs: a first look in minutes.
          resnet train --data DIR --preset article --epochs 3 --seed 1
              The recipe this project started from, its first three epochs.
          resnet train --data DIR --model resnet50 --stem cifar --epochs 100 --lr 0.1 --schedule cosine
              Your own recipe.
          resnet train --preset article --batch-size 64
              A preset, one value changed.
          resnet train --resume runs/20260101-120000-resnet18
              Go on where Ctrl-C stopped; on the CPU device the losses equal those of an uninterrupted run bit for bit.

        Where data comes from: --data, else $CIFAR_DIR, else ./data, else the embedded digits.
        Download (binary version): https://www.cs.toronto.edu/~kriz/cifar.html
        Ctrl-C finishes the step, saves and exits with 130. A second Ctrl-C ends at once, without saving.

        What a run folder holds: config.json, metrics.csv (one row an epoch), summary.json,
        last.safetensors (to continue), best.safetensors (best test accuracy; torchvision's parameter names).
        """;

    private const string EvalExamples =
        """
        Examples:
          resnet eval runs/20260101-120000-resnet18
              The run's best network on the test images of the data it was trained with.
          resnet eval runs/20260101-120000-resnet18/last.safetensors --data DIR
              One checkpoint, on data that has moved to DIR.
        """;

    private const string StepExamples =
        """
        Examples:
          resnet benchmark step
              ResNet-18 with the cifar stem, 128 images a step, exact mathematics.
          resnet benchmark step --math fast --json step.json
              With Winograd's transformation, the figures also in a file.
          resnet benchmark step --stem imagenet --profile
              Where the time goes, operation by operation.
        """;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        usual.MaxWidth = Width();
        int result = usual.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output.WriteLine(parseResult.CommandResult.Command.Name switch
        {
            TrainCommand.Name => TrainExamples,
            EvalCommand.Name => EvalExamples,
            BenchmarkCommand.StepName => StepExamples,
            BenchmarkCommand.Name => "How: resnet benchmark step --help",
            _ => RootExamples,
        });
        return result;
    }

    /// <summary>Puts this help in the place of the usual one, for the command and all below it.</summary>
    public static void Install(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            if (option.Action is HelpAction usual)
            {
                option.Action = new TeachingHelp(usual);
            }
        }
    }

    private static int Width()
    {
        if (Console.IsOutputRedirected)
        {
            return 120;
        }

        int width = Console.WindowWidth;
        return width > 0 ? width : 120;
    }
}
