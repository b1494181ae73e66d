//! The binary `ringback`.

fn main() -> std::process::ExitCode {
    ringback_api::cli::run()
}
