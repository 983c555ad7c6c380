"""What pyproject.toml cannot say: the files that come from outside the packages, and which machines a wheel is for.

The kernels are a plain library without a line of Python's API. So one wheel of a platform serves every Python.
With HUGGINGTWEETS_PURE=1 a wheel holds no kernels and serves every platform; torch computes there.
"""

import os
import shutil
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ENGINE = "huggingtweets/generation/engine"
KERNELS = Extension(
    "huggingtweets.generation.engine._kernels",
    sources=[f"{ENGINE}/kernels.c"],
    depends=sorted(str(path) for path in Path(ENGINE).glob("*.h")),
    # Products and sums are fused only where the source says so: then all processors round alike.
    extra_compile_args=["-O3", "-ffp-contract=off", "-pthread"],
    libraries=["m"],
    optional=True,  # where it cannot be compiled, torch computes
)
COMES_ALONG = {"models/base": "huggingtweets/embedded_base", "config.toml": "huggingtweets/config.toml"}


class BuildPackages(build_py):
    """Puts what stands outside the packages into them. In a checkout it is found where it stands."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for source, target in COMES_ALONG.items():
            copy = shutil.copytree if Path(source).is_dir() else shutil.copyfile
            place = Path(self.build_lib, target)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(place, ignore_errors=True)
            copy(source, place)


class BuildKernels(build_ext):
    """The library has a name that every Python finds."""

    def get_ext_filename(self, fullname: str) -> str:
        return str(Path(*fullname.split("."))) + (".pyd" if os.name == "nt" else ".so")

    def run(self) -> None:
        if self.inplace:
            # Python prefers these, which an earlier release compiled for one Python.
            for old in Path(ENGINE).glob("_kernels.*.so"):
                old.unlink()
        super().run()


class WheelOfThePlatform(bdist_wheel):
    """Any Python 3, because only the library inside belongs to a platform."""

    def get_tag(self) -> tuple[str, str, str]:
        platform = super().get_tag()[2]
        return "py3", "none", platform


setup(
    ext_modules=[] if os.environ.get("HUGGINGTWEETS_PURE") == "1" else [KERNELS],
    cmdclass={"build_py": BuildPackages, "build_ext": BuildKernels, "bdist_wheel": WheelOfThePlatform},
)
