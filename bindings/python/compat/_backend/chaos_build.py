"""The build backend of the folder above, which a backend-path may not name (PEP 517)."""
import pathlib

__file__ = str(pathlib.Path(__file__).resolve().parents[2] / "_backend" / "chaos_build.py")
exec(compile(pathlib.Path(__file__).read_bytes(), __file__, "exec"))
