using CudnnNet;
using Microsoft.Win32.SafeHandles;
using SecondProcess;

// The other process of the tests of what processes share: opens it all through the typed floor alone.
var shared = SharedHandles.FromArguments(args);
using var context = CudaContext.Primary();
using CudaStream stream = context.CreateStream();
using IpcMemory<int> memory = context.OpenMemory<int>(shared.Memory, shared.Elements);
using CudaEvent filled = context.OpenEvent(shared.Filled);
using SafeFileHandle descriptor = new(shared.PoolDescriptor, ownsHandle: true);
using MemoryPool pool = context.ImportMemoryPool(descriptor);
using StreamMemory<int> pooled = pool.Open<int>(stream, shared.Pooled, shared.Elements);

// The first process fills both once it has read this line, and its event says when.
using PinnedMemory<int> first = context.AllocatePinned<int>(shared.Elements);
using PinnedMemory<int> second = context.AllocatePinned<int>(shared.Elements);
stream.Wait(filled);
stream.CopyToHost(memory.Span, first);
stream.CopyToHost(pooled.Span, second);
Console.WriteLine(filled.IsComplete ? "filled already" : "waiting");
stream.Synchronize();
Console.WriteLine($"memory {Distinct(first)}, pool {Distinct(second)}");

// And what it reads when this process has ended.
stream.Fill(memory.Span.Slice(1), 3);
stream.Fill(pooled.Span.Slice(1), 4);
stream.Synchronize();
return 0;

static string Distinct(PinnedMemory<int> values) => string.Join(' ', values.Span.ToArray().Distinct());
