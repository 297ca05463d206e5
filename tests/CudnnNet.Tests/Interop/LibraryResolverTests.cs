namespace CudnnNet.Tests;

/// <summary>Which libraries are taken, in which order they are looked for, and what is said when one is not there.</summary>
public sealed class LibraryResolverTests
{
    [Test]
    public void Without_a_driver_auto_takes_the_CPU_device_from_beside_the_program()
    {
        var machine = new FakeMachine("/app/libcudnnnet_cpu.so");
        var resolver = new LibraryResolver(machine);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(resolver.Selected, Is.EqualTo(DeviceKind.Cpu));
            Assert.That(machine.NameOf(resolver.Library(NativeLibraryId.Cudnn)), Is.EqualTo("/app/libcudnnnet_cpu.so"));
            Assert.That(resolver.Describe(), Is.EqualTo(
                "CPU device (auto: libcuda.so.1 and libcuda.so were not found by the system's loader)\ncuDNN: /app/libcudnnnet_cpu.so"));
        }
    }

    [Test]
    public void A_driver_that_counts_a_device_wins()
    {
        var machine = new FakeMachine("libcuda.so.1", "libcudnn.so.9", "/app/libcudnnnet_cpu.so");
        var resolver = new LibraryResolver(machine);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(resolver.Selected, Is.EqualTo(DeviceKind.Cuda));
            Assert.That(machine.NameOf(resolver.Library(NativeLibraryId.Cudnn)), Is.EqualTo("libcudnn.so.9"));
            Assert.That(resolver.Describe(), Does.StartWith("CUDA (auto: libcuda.so.1 counts 2 devices)"));
        }
    }

    [Test]
    public void A_driver_without_a_device_leaves_auto_on_the_CPU_device()
    {
        var machine = new FakeMachine("libcuda.so.1", "/app/libcudnnnet_cpu.so") { Devices = 0 };
        var resolver = new LibraryResolver(machine);
        Assert.That(resolver.Describe(), Does.StartWith("CPU device (auto: libcuda.so.1 counts no device)"));
    }

    [Test]
    public void A_driver_that_does_not_initialise_leaves_auto_on_the_CPU_device()
    {
        var machine = new FakeMachine("libcuda.so.1", "/app/libcudnnnet_cpu.so") { InitialisationStatus = 100 };
        var resolver = new LibraryResolver(machine);
        Assert.That(resolver.Describe(), Does.StartWith("CPU device (auto: libcuda.so.1 was loaded and cuInit answered CUDA_ERROR_NO_DEVICE (100))"));
    }

    [Test]
    public void A_GPU_demanded_and_absent_is_an_error_that_says_what_was_tried_and_what_to_do()
    {
        var machine = new FakeMachine("/app/libcudnnnet_cpu.so") { ["CUDNNNET_DEVICE"] = "cuda", ["CUDNNNET_LIBRARY_PATH"] = "/mine" };
        var resolver = new LibraryResolver(machine);
        MissingLibraryException error = Assert.Throws<MissingLibraryException>(() => _ = resolver.Selected)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Is.EqualTo(
                "A GPU is required (CUDNNNET_DEVICE=cuda), but libcuda.so.1 and libcuda.so were not found by the system's loader, nor in /mine. "
                + "Install NVIDIA's driver (nvidia-smi shows whether it works), name the folder of its library in CUDNNNET_LIBRARY_PATH, "
                + "or compute on the CPU device with CUDNNNET_DEVICE=cpu."));
            Assert.That(error.Library, Is.EqualTo(NativeLibraryId.Cuda));
        }
    }

    [Test]
    public void A_GPU_demanded_from_a_driver_without_devices_is_an_error_with_the_drivers_answer()
    {
        var resolver = new LibraryResolver(new FakeMachine("libcuda.so.1") { Devices = 0 }) { Requested = DeviceKind.Cuda };
        Assert.That(() => resolver.Selected, Throws.TypeOf<MissingLibraryException>().With.Message.StartsWith(
            "A GPU is required (asked for by the program), but libcuda.so.1 counts no device."));
    }

    [Test]
    public void Sides_are_never_mixed_so_a_GPU_without_cuDNN_is_an_error()
    {
        var resolver = new LibraryResolver(new FakeMachine("libcuda.so.1", "/app/libcudnnnet_cpu.so"));
        Assert.That(() => resolver.Library(NativeLibraryId.Cudnn), Throws.TypeOf<MissingLibraryException>().With.Message.StartsWith(
            "cuDNN is needed, but libcudnn.so.9 and libcudnn.so were not found by the system's loader. Install it"));
    }

    [Test]
    public void NVRTC_is_the_real_library_also_on_the_CPU_device()
    {
        var machine = new FakeMachine("libnvrtc.so.13", "/app/libcudnnnet_cpu.so");
        var resolver = new LibraryResolver(machine);
        Assert.That(machine.NameOf(resolver.Library(NativeLibraryId.Nvrtc)), Is.EqualTo("libnvrtc.so.13"));
    }

    [Test]
    public void CUDA_13_is_preferred_to_12()
    {
        var machine = new FakeMachine("libcuda.so.1", "libcublas.so.12", "libcublas.so.13");
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(NativeLibraryId.Cublas)), Is.EqualTo("libcublas.so.13"));
    }

    [Test]
    public void A_driver_of_CUDA_12_gets_the_libraries_of_CUDA_12()
    {
        var machine = new FakeMachine("libcuda.so.1", "libcublas.so.12", "libcublas.so.13") { DriverVersion = 12040 };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(NativeLibraryId.Cublas)), Is.EqualTo("libcublas.so.12"));
    }

    [Test]
    public void CuBLASLt_follows_the_generation_of_cuBLAS()
    {
        var machine = new FakeMachine("libcuda.so.1", "libcublas.so.12", "libcublasLt.so.12", "libcublasLt.so.13");
        var resolver = new LibraryResolver(machine);
        _ = resolver.Library(NativeLibraryId.Cublas);
        Assert.That(machine.NameOf(resolver.Library(NativeLibraryId.CublasLt)), Is.EqualTo("libcublasLt.so.12"));
    }

    [Test]
    public void The_users_folder_comes_before_the_loader()
    {
        var machine = new FakeMachine("libcuda.so.1", "libcudnn.so.9", "/mine/libcudnn.so.9") { ["CUDNNNET_LIBRARY_PATH"] = "/other:/mine" };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(NativeLibraryId.Cudnn)), Is.EqualTo("/mine/libcudnn.so.9"));
    }

    [Test]
    public void The_toolkits_folder_and_the_wheels_of_Python_come_after_the_loader()
    {
        var machine = new FakeMachine("libcuda.so.1", "/cuda/lib64/libcublas.so.13", "/venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9")
        {
            ["CUDA_HOME"] = "/cuda",
            ["VIRTUAL_ENV"] = "/venv",
        };
        var resolver = new LibraryResolver(machine);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(machine.NameOf(resolver.Library(NativeLibraryId.Cublas)), Is.EqualTo("/cuda/lib64/libcublas.so.13"));
            Assert.That(machine.NameOf(resolver.Library(NativeLibraryId.Cudnn)), Does.EndWith("nvidia/cudnn/lib/libcudnn.so.9"));
        }
    }

    [Test]
    public void The_programs_hook_comes_first()
    {
        var machine = new FakeMachine("libcuda.so.1", "libcudnn.so.9", "special");
        nint special = machine.Load("special", out _);
        var resolver = new LibraryResolver(machine) { Hook = (library, _) => library == NativeLibraryId.Cudnn ? special : 0 };
        Assert.That(resolver.Library(NativeLibraryId.Cudnn), Is.EqualTo(special));
    }

    [Test]
    public void A_missing_CPU_device_is_an_error_that_says_how_to_build_it()
    {
        var resolver = new LibraryResolver(new FakeMachine { ["CUDNNNET_DEVICE"] = "cpu" });
        Assert.That(() => resolver.Library(NativeLibraryId.Cuda), Throws.TypeOf<MissingLibraryException>().With.Message.EqualTo(
            "The CPU device is to stand in for the CUDA driver, but libcudnnnet_cpu.so was not found by the system's loader, nor in /app. "
            + "Add the package CudnnNet.CpuDevice to the program; or build it (cmake -S native -B build/native && cmake --build build/native) and put libcudnnnet_cpu.so beside the program, "
            + "or name its folder in CUDNNNET_LIBRARY_PATH."));
    }

    [Test]
    public void A_missing_function_is_named_with_the_library_its_version_and_the_version_that_has_it()
    {
        var machine = new FakeMachine("libcuda.so.1") { DriverVersion = 12040 };
        var resolver = new LibraryResolver(machine);
        MissingFunctionException error = Assert.Throws<MissingFunctionException>(() => resolver.Function(NativeLibraryId.Cuda, "cuCtxCreate_v4"))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message, Is.EqualTo(
                $"cuCtxCreate_v4 is missing in libcuda.so.1, version 12.4: the CUDA driver has it since version {NativeSymbols.Find(NativeLibraryId.Cuda, "cuCtxCreate_v4")!.Since}; "
                + "install that version or a newer one, or do without the function."));
            Assert.That(error.Function, Is.EqualTo("cuCtxCreate_v4"));
        }
    }

    [TestCase(13000, "cuMemAlloc_v2", "the CUDA driver of this version should have it, so the file may be damaged or a link stub; install the CUDA driver again")]
    [TestCase(13000, "cuInvented", "no known version of the CUDA driver has it")]
    public void The_advice_about_a_missing_function_depends_on_the_version_found(int driver, string function, string advice)
    {
        var resolver = new LibraryResolver(new FakeMachine("libcuda.so.1") { DriverVersion = driver });
        Assert.That(() => resolver.Function(NativeLibraryId.Cuda, function), Throws.TypeOf<MissingFunctionException>().With.Message.EndsWith($"version 13.0: {advice}."));
    }

    [TestCase("gpu")]
    [TestCase("cuda:0")]
    public void An_unknown_word_in_CUDNNNET_DEVICE_is_an_error(string word)
    {
        var resolver = new LibraryResolver(new FakeMachine { ["CUDNNNET_DEVICE"] = word });
        Assert.That(() => resolver.Selected, Throws.ArgumentException.With.Message.EqualTo($"CUDNNNET_DEVICE is \"{word}\"; it can be auto, cuda or cpu."));
    }

    [Test]
    public void The_word_in_CUDNNNET_DEVICE_may_be_written_in_capitals()
        => Assert.That(new LibraryResolver(new FakeMachine { ["CUDNNNET_DEVICE"] = "CPU" }).Selected, Is.EqualTo(DeviceKind.Cpu));

    [Test]
    public void The_program_overrules_the_environment()
        => Assert.That(new LibraryResolver(new FakeMachine { ["CUDNNNET_DEVICE"] = "cuda" }) { Requested = DeviceKind.Cpu }.Selected, Is.EqualTo(DeviceKind.Cpu));

    [Test]
    public void After_the_first_use_the_choice_stands()
    {
        var resolver = new LibraryResolver(new FakeMachine { ["CUDNNNET_DEVICE"] = "cpu" });
        _ = resolver.Selected;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => resolver.Requested = DeviceKind.Cuda, Throws.InvalidOperationException.With.Message.Contains("after the first use had settled on Cpu"));
            Assert.That(() => resolver.Requested = DeviceKind.Cpu, Throws.Nothing);
        }
    }

    [Test]
    public void Asking_again_for_what_was_asked_for_is_no_change()
    {
        var resolver = new LibraryResolver(new FakeMachine()) { Requested = DeviceKind.Auto };
        _ = resolver.Selected;
        Assert.That(() => resolver.Requested = DeviceKind.Auto, Throws.Nothing);
    }

    [Test]
    public void A_library_that_is_there_but_does_not_load_is_reported_with_the_loaders_reason()
    {
        const string message = """
            Unable to load shared library 'libcudnn.so.9' or one of its dependencies. In order to help diagnose loading problems, ...
            libz-missing.so.1: cannot open shared object file: No such file or directory
            /app/liblibcudnn.so.9.so: cannot open shared object file: No such file or directory
            """;
        Assert.That(LibraryEnvironment.Reason(message, "libcudnn.so.9"), Is.EqualTo("libz-missing.so.1: cannot open shared object file: No such file or directory"));
    }

    [Test]
    public void A_library_that_is_not_there_needs_no_reason()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Ignore("the words of the Linux loader are recognised; elsewhere the system's own message is shown");
        }
        nint handle = new LibraryEnvironment().Load("libcudnnnet-nowhere.so.7", out string error);
        Assert.That((handle, error), Is.EqualTo(((nint)0, "")));
    }

    [Test]
    public void This_process_computes_on_one_device_and_can_say_why()
    {
        DeviceKind selected = NativeLibraries.Selected;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(selected, Is.AnyOf(DeviceKind.Cuda, DeviceKind.Cpu));
            Assert.That(NativeLibraries.Describe(), Does.StartWith(selected == DeviceKind.Cuda ? "CUDA (" : "CPU device ("));
        }
    }
}
