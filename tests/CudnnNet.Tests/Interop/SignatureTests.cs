using System.Reflection;
using System.Text.Json;
using CudnnNet.Interop;

namespace CudnnNet.Tests;

/// <summary>The raw signatures agree with those recorded, independently of the ABI facts, for the conformance cases.</summary>
public sealed class SignatureTests
{
    private static readonly Dictionary<string, Type> s_classes = new()
    {
        ["cudnn"] = typeof(Cudnn),
        ["cublas"] = typeof(Cublas),
        ["cublasLt"] = typeof(CublasLt),
        ["cublaslt"] = typeof(CublasLt),
        ["nvrtc"] = typeof(Nvrtc),
        ["nccl"] = typeof(Nccl),
    };

    [Test]
    public void Every_recorded_signature_has_the_same_parameters_here()
    {
        if (Recorded() is not { } file)
        {
            Assert.Ignore("no shared/conformance/abi.json beside the repository: the recorded signatures are not at hand");
            return;
        }
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        int compared = 0;
        using (Assert.EnterMultipleScope())
        {
            foreach (JsonProperty function in document.RootElement.EnumerateObject())
            {
                string[] codes = [.. function.Value.EnumerateArray().Select(c => c.GetString()!)];
                MethodInfo? method = s_classes[codes[0]].GetMethod(function.Name);
                Assert.That(method, Is.Not.Null, function.Name);
                // For the functions that the headers overload in C++ (cublasGemmEx and two more) only the number of parameters was recorded.
                bool untyped = codes[1] == "return";
                if (method is not null && untyped)
                {
                    Assert.That(method.GetParameters(), Has.Length.EqualTo(codes.Length - 2), function.Name);
                }
                else if (method is not null)
                {
                    Assert.That(method.GetParameters().Select(p => Code(p.ParameterType)), Is.EqualTo(codes.Skip(2).Select(Simplify)), function.Name);
                    Assert.That(ReturnCode(method.ReturnType), Is.EqualTo(codes[1]), function.Name);
                    compared++;
                }
            }
        }
        Assert.That(compared, Is.GreaterThan(800));
    }

    // Every pointer is one code; a 32-bit integer is one code, because the record has enums as int whatever their sign.
    private static string Simplify(string code) => code switch
    {
        "h" or "H" or "s" or "S" or "ss" => "pointer",
        "u" => "i",
        _ when code.EndsWith('*') || code.StartsWith('o') => "pointer",
        _ => code,
    };

    private static string Code(Type type) => type switch
    {
        { IsPointer: true } or { IsFunctionPointer: true } => "pointer",
        { IsEnum: true } => "i",
        _ when type == typeof(int) || type == typeof(uint) => "i",
        _ when type == typeof(long) => "l",
        _ when type == typeof(ulong) => "L",
        _ when type == typeof(nuint) => "z",
        _ when type == typeof(float) => "f",
        _ when type == typeof(double) => "d",
        _ when type == typeof(ncclUniqueId) => "id128",
        _ when type.GetProperty("Value")?.PropertyType == typeof(nint) => "pointer",
        _ => type.Name,
    };

    private static string ReturnCode(Type type) => type switch
    {
        { IsEnum: true } => "status",
        _ when type == typeof(void) => "void",
        _ when type == typeof(nuint) => "z",
        _ when type == typeof(uint) => "unsigned",
        { IsPointer: true } => "s",
        _ => type.Name,
    };

    private static string? Recorded()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string file = Path.Combine(folder.FullName, "shared", "conformance", "abi.json");
            if (File.Exists(file))
            {
                return file;
            }
        }
        return null;
    }
}
