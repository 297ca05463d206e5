// Ranks in processes of their own sum what each of them has: `AllReduce` starts two, `AllReduce 4` four.
using System.Diagnostics;
using CudnnNet;

if (args.Length == 3)
{
    Work(int.Parse(args[0]), int.Parse(args[1]), new NcclId(Convert.FromHexString(args[2])));
    return 0;
}

int ranks = args.Length == 1 ? int.Parse(args[0]) : 2;

// The ranks meet in the process that makes the id.
NcclId id = NcclId.Create();
List<Process> processes = [];
for (int rank = 0; rank < ranks; rank++)
{
    string[] arguments = [Environment.GetCommandLineArgs()[0], $"{rank}", $"{ranks}", id.ToString()];
    processes.Add(Process.Start(Environment.ProcessPath!, Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? arguments : arguments[1..]));
}

processes.ForEach(process => process.WaitForExit());
return processes.Exists(process => process.ExitCode != 0) ? 1 : 0;

static void Work(int rank, int ranks, NcclId id)
{
    // On a machine with several GPUs every rank takes its own.
    using CudaContext context = CudaContext.Primary(rank % CudaContext.DeviceCount);
    using CudaStream stream = context.CreateStream();
    using NcclCommunicator communicator = new(context, id, rank, ranks);

    float[] numbers = [rank + 1, 10 * (rank + 1), 100 * (rank + 1)];
    using DeviceMemory<float> memory = context.Allocate<float>(numbers.Length);
    stream.CopyToDevice<float>(numbers, memory);
    communicator.AllReduce<float>(memory, memory, NcclReduction.Sum, stream);
    stream.CopyToHost(memory.Span, numbers.AsSpan());
    stream.Synchronize();
    Console.WriteLine($"rank {rank} of {ranks}: {string.Join(", ", numbers)}");
}
