"""Many runs: sweeps, the reproduction, benchmarks, reference runs."""
