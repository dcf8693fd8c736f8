//! Where other people's programs are found, and how they get there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

static INSTALLING: Mutex<()> = Mutex::new(());

/// A file of this package.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Cargo's target folder, where what the tests install is kept from run to run.
pub(crate) fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}

/// The programs of a Python environment that has what `requirements` (a file of this package) says.
pub(crate) fn python(requirements: &str) -> PathBuf {
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = std::fs::read_to_string(file(requirements)).unwrap();
    let venv = target().join("venv").join(requirements.replace('/', "-"));
    let stamp = venv.join("installed");
    if std::fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        let pip = ["install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(venv.join("bin/pip")).args(pip).arg(file(requirements)));
        std::fs::write(&stamp, wanted).unwrap();
    }
    venv.join("bin")
}

/// A copy of `folder` (of this package), with the packages from npm that its lock file names.
pub(crate) fn node_modules(folder: &str) -> PathBuf {
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = target().join(folder);
    std::fs::create_dir_all(&copy).unwrap();
    for source in file(folder).read_dir().unwrap().flatten().filter(|it| it.path().is_file()) {
        std::fs::copy(source.path(), copy.join(source.file_name())).unwrap();
    }
    let wanted = std::fs::read_to_string(copy.join("package-lock.json")).unwrap();
    let stamp = copy.join("installed");
    if std::fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        run(Command::new("npm").args(npm).current_dir(&copy));
        std::fs::write(&stamp, wanted).unwrap();
    }
    copy
}

/// Runs a program to its end, which must be a good one.
pub(crate) fn run(command: &mut Command) -> Output {
    let name = command.get_program().to_owned();
    let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", name.display()));
    assert!(output.status.success(), "{}", told(&name, &output));
    output
}

/// What a program printed, for a failure's text.
pub(crate) fn told(name: &OsStr, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    format!("{}: {}\n{out}\n{err}", name.display(), output.status)
}
