"""What the pages share. The only part of `fer_core` that imports Streamlit."""
