namespace Packages.Tests;

/// <summary>Code that trimming or NativeAOT would break is an error in everything under src/.</summary>
public sealed class TrimmingTests
{
    [Test]
    public void Code_that_cannot_be_trimmed_or_compiled_ahead_of_time_does_not_build()
    {
        if (PackedRepository.Folder.Length == 0)
        {
            Assert.Ignore("skipped: there is no copy of the sources");
        }

        string folder = Path.Combine(PackedRepository.Sources, "src", "Unfit");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "Unfit.csproj"), "<Project Sdk=\"Microsoft.NET.Sdk\" />");
        File.WriteAllText(Path.Combine(folder, "Unfit.cs"), """
            namespace Unfit;

            /// <summary>One member for each kind of mistake.</summary>
            public static class Mistakes
            {
                /// <summary>The members that nothing else mentions are trimmed away.</summary>
                public static int Members(object value) => value.GetType().GetMethods().Length;

                /// <summary>There is no compiler in a native program.</summary>
                public static Type Make(Type element) => typeof(List<>).MakeGenericType(element);

                /// <summary>A single file has no assembly with a place.</summary>
                public static string Place() => typeof(Mistakes).Assembly.Location;
            }
            """);
        (int exitCode, string output) = CommandLine.RunToTheEnd(folder, "dotnet", "build", "-c", "Release", "--nologo");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.EqualTo(1), output);
            Assert.That(output, Does.Contain("error IL2075"), "trimming");
            Assert.That(output, Does.Contain("error IL3050"), "ahead of time");
            Assert.That(output, Does.Contain("error IL3000"), "single file");
        }
    }
}
