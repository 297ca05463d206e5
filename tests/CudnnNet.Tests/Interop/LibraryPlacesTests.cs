namespace CudnnNet.Tests;

/// <summary>Where NVIDIA's libraries are looked for, and which of several is taken.</summary>
public sealed class LibraryPlacesTests
{
    [TestCase("/mine/libcudnn.so.9")]
    [TestCase("libcudnn.so.9")]
    [TestCase("/cuda/lib64/libcudnn.so.9")]
    [TestCase("/cuda/targets/x86_64-linux/lib/libcudnn.so.9")]
    [TestCase("/usr/local/cuda/lib64/libcudnn.so.9")]
    [TestCase("/conda/lib/libcudnn.so.9")]
    [TestCase("/venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9")]
    [TestCase("/conda/lib/python3.13/site-packages/nvidia/cudnn/lib/libcudnn.so.9")]
    [TestCase("/packages/nvidia/cudnn/lib/libcudnn.so.9")]
    [TestCase("/opt/python/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9")]
    [TestCase("/opt/linked/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9")]
    [TestCase("/home/ada/.local/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9")]
    [TestCase("/usr/local/lib/python3.12/dist-packages/nvidia/cudnn/lib/libcudnn.so.9")]
    [TestCase("/usr/lib/python3/dist-packages/nvidia/cudnn/lib/libcudnn.so.9")]
    [TestCase("/usr/lib64/python3.9/site-packages/nvidia/cudnn/lib/libcudnn.so.9")]
    public void CuDNN_is_found_in_every_place_it_is_installed_to(string file)
    {
        var machine = new FakeMachine("libcuda.so.1", "/opt/python/bin/python3", "/tools/python", file)
        {
            ["CUDNNNET_LIBRARY_PATH"] = "/other:/mine",
            ["CUDA_HOME"] = "/cuda",
            ["VIRTUAL_ENV"] = "/venv",
            ["CONDA_PREFIX"] = "/conda",
            ["PYTHONPATH"] = "/other:/packages",
            ["PATH"] = "/bin:/opt/python/bin:/tools",
            ["HOME"] = "/home/ada",
            Links = new() { ["/tools/python"] = "/opt/linked/bin/python3.11" },
        };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(NativeLibraryId.Cudnn)), Is.EqualTo(file));
    }

    [TestCase(NativeLibraryId.Cublas, "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13")]
    [TestCase(NativeLibraryId.CublasLt, "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublasLt.so.13")]
    [TestCase(NativeLibraryId.Nvrtc, "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13")]
    [TestCase(NativeLibraryId.Cublas, "/venv/lib/python3.12/site-packages/nvidia/cublas/lib/libcublas.so.12")]
    [TestCase(NativeLibraryId.Nvrtc, "/venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12")]
    [TestCase(NativeLibraryId.Nccl, "/venv/lib/python3.12/site-packages/nvidia/nccl/lib/libnccl.so.2")]
    public void The_wheels_of_both_generations_are_found(NativeLibraryId library, string file)
    {
        var machine = new FakeMachine("libcuda.so.1", file) { ["VIRTUAL_ENV"] = "/venv" };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(library)), Is.EqualTo(file));
    }

    [Test]
    public void A_package_folder_named_by_PYTHONUSERBASE_replaces_the_one_in_the_home_folder()
    {
        const string file = "/base/lib/python3.11/site-packages/nvidia/nccl/lib/libnccl.so.2";
        var machine = new FakeMachine("libcuda.so.1", file, "/home/ada/.local/lib/python3.11/site-packages/nvidia/nccl/lib/libnccl.so.2")
        {
            ["HOME"] = "/home/ada",
            ["PYTHONUSERBASE"] = "/base",
        };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(NativeLibraryId.Nccl)), Is.EqualTo(file));
    }

    [TestCase("nvcuda.dll", NativeLibraryId.Cuda, "nvcuda.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Cudnn, "cudnn64_9.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Cublas, "cublas64_13.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Cublas, "cublas64_12.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Nvrtc, "nvrtc64_130_0.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.CublasLt, "/cuda/bin/x64/cublasLt64_13.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.CublasLt, "/cuda/bin/cublasLt64_12.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Cudnn, "/conda/Library/bin/cudnn64_9.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Cudnn, "/venv/Lib/site-packages/nvidia/cudnn/bin/cudnn64_9.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Cublas, "/venv/Lib/site-packages/nvidia/cu13/bin/x86_64/cublas64_13.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Cudnn, "/python/Lib/site-packages/nvidia/cudnn/bin/cudnn64_9.dll")]
    [TestCase("nvcuda.dll", NativeLibraryId.Cudnn, "/roaming/Python/Python312/site-packages/nvidia/cudnn/bin/cudnn64_9.dll")]
    public void Windows_has_its_own_names_and_places(string driver, NativeLibraryId library, string file)
    {
        var machine = new FakeMachine(driver, "/python/python.exe", file)
        {
            System = Platform.Windows,
            ["CUDA_PATH"] = "/cuda",
            ["CONDA_PREFIX"] = "/conda",
            ["VIRTUAL_ENV"] = "/venv",
            ["PATH"] = "/system;/python",
            ["APPDATA"] = "/roaming",
        };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(library)), Is.EqualTo(file));
    }

    [TestCase(13000, "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13")]
    [TestCase(12040, "libcublas.so.12")]
    public void The_better_generation_wins_wherever_it_lies(int driver, string expected)
    {
        var machine = new FakeMachine("libcuda.so.1", "libcublas.so.12", "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13")
        {
            DriverVersion = driver,
            ["VIRTUAL_ENV"] = "/venv",
        };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(NativeLibraryId.Cublas)), Is.EqualTo(expected));
    }

    [Test]
    public void A_folder_the_user_named_wins_whatever_generation_lies_there()
    {
        var machine = new FakeMachine("libcuda.so.1", "libcublas.so.13", "/mine/libcublas.so.12") { ["CUDNNNET_LIBRARY_PATH"] = "/mine" };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(NativeLibraryId.Cublas)), Is.EqualTo("/mine/libcublas.so.12"));
    }

    [Test]
    public void What_a_library_loads_by_name_is_in_the_process_before_it_in_whichever_order_the_parts_need_each_other()
    {
        const string site = "/venv/lib/python3.12/site-packages/nvidia";
        var machine = new FakeMachine(
            "libcuda.so.1", $"{site}/cudnn/lib/libcudnn.so.9", $"{site}/cudnn/lib/libcudnn_adv.so.9", $"{site}/cudnn/lib/libcudnn_graph.so.9",
            $"{site}/cudnn/lib/libcudnn_ops.so.9", $"{site}/cublas/lib/libcublasLt.so.12", $"{site}/cuda_nvrtc/lib/libnvrtc.so.12",
            $"{site}/cuda_nvrtc/lib/libnvrtc-builtins.so.12.8")
        {
            ["VIRTUAL_ENV"] = "/venv",
            Needs = new()
            {
                [$"{site}/cudnn/lib/libcudnn_adv.so.9"] = $"{site}/cudnn/lib/libcudnn_ops.so.9",
                [$"{site}/cudnn/lib/libcudnn_ops.so.9"] = $"{site}/cudnn/lib/libcudnn_graph.so.9",
            },
        };
        _ = new LibraryResolver(machine).Library(NativeLibraryId.Cudnn);
        Assert.That(machine.Log, Is.EqualTo(new[]
        {
            "libcuda.so.1", $"{site}/cuda_nvrtc/lib/libnvrtc-builtins.so.12.8", $"{site}/cuda_nvrtc/lib/libnvrtc.so.12", $"{site}/cublas/lib/libcublasLt.so.12",
            $"{site}/cudnn/lib/libcudnn_graph.so.9", $"{site}/cudnn/lib/libcudnn_ops.so.9", $"{site}/cudnn/lib/libcudnn_adv.so.9", $"{site}/cudnn/lib/libcudnn.so.9",
        }));
    }

    [Test]
    public void A_part_that_cannot_be_loaded_does_not_stop_the_library()
    {
        var machine = new FakeMachine("libcuda.so.1", "/mine/libcudnn.so.9", "/mine/libcudnn_adv.so.9")
        {
            ["CUDNNNET_LIBRARY_PATH"] = "/mine",
            Needs = new() { ["/mine/libcudnn_adv.so.9"] = "libnowhere.so" },
        };
        Assert.That(machine.NameOf(new LibraryResolver(machine).Library(NativeLibraryId.Cudnn)), Is.EqualTo("/mine/libcudnn.so.9"));
    }

    [Test]
    public void A_library_that_is_nowhere_is_reported_with_the_folders_that_exist_and_those_the_user_named()
    {
        var machine = new FakeMachine("libcuda.so.1", "/cuda/lib64/libother.so", "/venv/lib/python3.12/site-packages/nvidia/nccl/lib/libnccl.so.2")
        {
            ["CUDNNNET_LIBRARY_PATH"] = "/mine",
            ["CUDA_HOME"] = "/cuda",
            ["VIRTUAL_ENV"] = "/venv",
        };
        Assert.That(() => new LibraryResolver(machine).Library(NativeLibraryId.Cudnn), Throws.TypeOf<MissingLibraryException>().With.Message.StartsWith(
            "cuDNN is needed, but libcudnn.so.9 and libcudnn.so were not found by the system's loader, nor in "
            + "/mine, /cuda/lib64, /venv/lib/python3.12/site-packages/nvidia/nccl/lib. Install it"));
    }

    [Test]
    public void A_long_list_of_folders_is_cut_short()
    {
        var machine = new FakeMachine([.. Enumerable.Range(1, 9).Select(i => $"/venv/lib/python3.12/site-packages/nvidia/p{i}/lib/x"), "libcuda.so.1"]) { ["VIRTUAL_ENV"] = "/venv" };
        Assert.That(() => new LibraryResolver(machine).Library(NativeLibraryId.Cudnn), Throws.TypeOf<MissingLibraryException>().With.Message.Contains(
            "nvidia/p6/lib and 3 more folders. Install it"));
    }
}
